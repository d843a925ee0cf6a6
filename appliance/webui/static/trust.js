// The page about trusting the box: shows the fingerprint of the very certificate that the browser would download.
"use strict";

(async () => {
  const place = document.getElementById("fingerprint");
  if (!place || !crypto.subtle) return;
  const answer = await fetch(place.dataset.certificate);
  const pem = answer.ok ? await answer.text() : "";
  const [, body] = pem.match(/-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----/) ?? [];
  if (!body) return;
  const der = Uint8Array.from(atob(body.replace(/\s/g, "")), (letter) => letter.charCodeAt(0));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", der));
  place.querySelector("bdi").textContent = [...digest].map((byte) => byte.toString(16).padStart(2, "0").toUpperCase()).join(":");
  place.hidden = false;
})();

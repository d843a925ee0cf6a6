// The phone's scripts on a bare page, for test_phone.py: no box behind it but an Asterisk.
import { Headset } from "/static/headset.js";
import { Phone } from "/static/phone.js";

const account = async () => ({ url: document.body.dataset.url, host: "127.0.0.1", user: "a1", password: "secret" });
window.phone = new Phone(account, new Headset(document.querySelector("audio")), "foyer.phone.a1");
window.said = [];
phone.addEventListener("problem", (event) => said.push(`problem ${event.detail}`));
phone.addEventListener("over", (event) => said.push(`over ${event.detail.reason}`));
phone.start();

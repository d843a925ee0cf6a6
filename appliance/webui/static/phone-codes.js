// The page of phone codes: its button prints it; without scripts there is no button.
const button = document.getElementById("print");
button.hidden = false;
button.addEventListener("click", () => window.print());

"use strict";

// The script of textual-serve draws the terminal and keeps its socket to itself. This one hands it
// a socket that also carries what the page and the lab have to say to each other.

const news = (text) => { document.querySelector("#news").textContent = text; };
let socket = null;
let farewell = "";

class Socket extends WebSocket {
  constructor(address) {
    super(address);
    socket = this;
    this.addEventListener("message", hear);
    this.addEventListener("close", (event) => end(event.code === 1000));
  }
}
window.WebSocket = Socket;

function hear(event) {
  if (typeof event.data !== "string") {
    if (event.data.byteLength > 100) begin();
    return;
  }
  const [kind, value] = JSON.parse(event.data);
  if (kind === "end") {
    farewell = value;
  } else if (kind === "colors") {
    const style = document.documentElement.style;
    style.setProperty("--background", value.background);
    style.setProperty("--foreground", value.foreground);
  } else if (kind === "deliver") {
    const link = document.createElement("a");
    link.href = "files/" + value.name.split("/").map(encodeURIComponent).join("/");
    link.download = "";
    link.click();
    news("↓ " + value.name);
  }
}

// Browsers have no clipboard for pages over plain HTTP from another machine.
if (!navigator.clipboard) {
  const writeText = async (text) => {
    const before = document.activeElement;
    const area = document.body.appendChild(document.createElement("textarea"));
    area.value = text;
    area.select();
    document.execCommand("copy");
    area.remove();
    before?.focus();
  };
  Object.defineProperty(navigator, "clipboard", { value: { writeText, readText: async () => "" } });
}

function begin() {
  const words = document.querySelector("#words");
  if (words.hidden) return;
  words.hidden = true;
  const keys = document.querySelector(".xterm-helper-textarea");
  keys.blur();
  keys.focus(); // the lab hears of it only now
}

function end(inOrder) {
  const words = document.querySelector("#words");
  const again = words.querySelector("button");
  words.querySelector("p").textContent =
    farewell || (inOrder ? words.dataset.ended : words.dataset.lost);
  again.hidden = words.hidden = false;
  again.onclick = () => location.reload();
  again.focus();
}

async function upload(file) {
  if (!file || document.body.classList.contains("-show")) return;
  news("↑ " + file.name + " …");
  let text;
  try {
    const answer = await fetch("files/" + encodeURIComponent(file.name), { method: "PUT", body: file });
    text = await answer.text();
    if (answer.ok) {
      socket.send(JSON.stringify(["open", text]));
      document.querySelector(".xterm-helper-textarea").focus();
      text = "↑ " + text;
    }
  } catch (error) {
    text = document.querySelector("#words").dataset.lost;
  }
  news(text);
}

document.addEventListener("DOMContentLoaded", () => {
  history.replaceState(null, "", location.pathname); // the cookie stands for the token now
  const terminal = document.querySelector(".textual-terminal");
  terminal.dataset.sessionWebsocketUrl = new URL("ws", location.href).href.replace(/^http/, "ws");
  terminal.dataset.fontSize = innerWidth < 600 ? "12" : "16";

  const picker = document.querySelector("#upload");
  picker.addEventListener("change", () => { upload(picker.files[0]); picker.value = ""; });
  for (const kind of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, (event) => {
      event.preventDefault();
      document.body.classList.toggle("-over", kind === "dragover");
      if (kind === "drop") upload(event.dataTransfer.files[0]);
    });
  }
});

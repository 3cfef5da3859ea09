// What the page does beyond plain HTML: sends files with progress, and keeps itself up to date.
"use strict";

const HASH_UP_TO_BYTES = 256e6; // the browser hashes only what fits into memory
const PACES_MS = { soon: 2000, calm: 5000 }; // a page without a pace is settled

const language = document.documentElement.lang;

// --- sending a file ------------------------------------------------------------------------

const sender = document.querySelector("form.sender");

if (sender) {
  const drop = sender.querySelector(".drop");
  const button = sender.querySelector("button");
  drop.hidden = false;
  button.textContent = button.dataset.withScripts;
  sender.addEventListener("submit", (event) => {
    event.preventDefault();
    send(sender);
  });
  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  for (const name of ["dragleave", "drop"]) {
    drop.addEventListener(name, () => drop.classList.remove("over"));
  }
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    sender.querySelector("#file").files = event.dataTransfer.files;
  });
}

async function send(form) {
  const file = form.querySelector("#file").files[0];
  if (!file) {
    tell(form, form.dataset.choose, "wrong");
    return;
  }
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    tell(form, form.dataset.checking);
    const link = await askForLink(form, file, await sha256(file));
    if (link.isSignedOut) {
      tellSignedOut(form);
      return;
    }
    if (link.refused) {
      tell(form, link.refused, link.known ? "known" : "wrong");
      return;
    }
    tell(form, form.dataset.sending);
    await put(form, link, file);
    tell(form, form.dataset.sent, "done");
    form.querySelector("#file").value = "";
    refreshAt("soon");
  } catch {
    tell(form, form.dataset.failed, "wrong");
  } finally {
    button.disabled = false;
    form.querySelector("progress").hidden = true;
  }
}

function tell(form, sentence, mood = "") {
  const outcome = form.querySelector(".outcome");
  outcome.textContent = sentence;
  outcome.className = `outcome ${mood}`;
}

function tellSignedOut(form) {
  tell(form, `${form.dataset.signedOut} `, "wrong");
  const way = document.createElement("a");
  way.href = "/sign-in";
  way.textContent = form.dataset.signIn;
  form.querySelector(".outcome").append(way);
}

async function sha256(file) {
  // Browsers hash on secure pages only; elsewhere a known file is found out after it was sent.
  if (!window.crypto?.subtle || file.size > HASH_UP_TO_BYTES) return undefined;
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function askForLink(form, file, hash) {
  const answer = await fetch(`${form.dataset.links}?lang=${language}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      branch: form.branch.value,
      filename: file.name,
      size: file.size,
      sha256: hash,
    }),
  });
  if (answer.status === 401) return { isSignedOut: true };
  const body = await answer.json();
  return answer.ok ? body : { refused: body.detail, known: answer.status === 409 };
}

function put(form, link, file) {
  const parts = new FormData();
  for (const [name, value] of Object.entries(link.fields)) parts.append(name, value);
  parts.append("file", file);
  const progress = form.querySelector("progress");
  progress.hidden = false;
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", (event) => {
      progress.value = (100 * event.loaded) / event.total;
    });
    request.addEventListener("load", () => (request.status < 300 ? resolve() : reject()));
    request.addEventListener("error", reject);
    request.open("POST", link.url);
    request.send(parts);
  });
}

// --- keeping up to date --------------------------------------------------------------------

const LIVE = ["segments", "uploads", "notices", "file"];
let timer;

function refreshAt(pace) {
  clearTimeout(timer); // one that was set meanwhile: there is only ever one
  if (pace in PACES_MS) timer = setTimeout(refresh, PACES_MS[pace]);
}

function currentPace() {
  return document.querySelector("[data-live]")?.dataset.live;
}

async function refresh() {
  if (!document.hidden) {
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (answer.ok && !answer.redirected) replace(await answer.text());
    } catch {
      // The network is away; the next turn tries again.
    }
  }
  refreshAt(currentPace());
}

function replace(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  for (const id of LIVE) {
    const now = document.getElementById(id);
    const then = fresh.getElementById(id);
    // What did not change stays as it is: opened details, focus and selection are kept.
    if (now && then && shown.get(id) !== then.outerHTML) {
      shown.set(id, then.outerHTML);
      now.replaceWith(then);
    }
  }
  showLocalTimes();
}

// Times come in UTC; here they are written in the reader's own zone.
function showLocalTimes() {
  const format = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
  for (const time of document.querySelectorAll("time[datetime]")) {
    time.textContent = format.format(new Date(time.dateTime));
  }
}

const shown = new Map();
for (const id of LIVE) shown.set(id, document.getElementById(id)?.outerHTML);
refreshAt(currentPace());
showLocalTimes();

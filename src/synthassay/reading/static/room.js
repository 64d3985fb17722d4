// The room: sign in, read trial after trial, lose nothing.

import { TrialClock } from "./clock.js";
import { loadEngines } from "./engines.js";
import { Form } from "./form.js";
import { KEYS, PLANE_BUTTONS, TOOLS } from "./keys.js";
import { newKey, Outbox, Unauthorised } from "./outbox.js";
import { Pixels } from "./pixels.js";
import { showProgress } from "./progress.js";
import { showSignIn, signInFromLink } from "./signing.js";
import { Desk } from "./viewer.js";
import { fetchVolume, fitsCard, keepVolumes } from "./volume_pane.js";

const $ = (id) => document.getElementById(id);
const now = { me: null, state: null, outbox: null, desk: null, form: null, clock: null, trial: null, key: "", busy: false, ahead: [] };

function phase(name) {
  document.body.dataset.phase = name;
  $("reading").hidden = name !== "reading";
  $("card").hidden = name === "reading";
  $("pause").hidden = !["reading", "paused"].includes(name);
  $("back").hidden = !(name === "reading" && now.state?.go_back && (now.looking ?? now.state.progress.number) > 0);
}

function status(words, bad = false) {
  $("status").textContent = words;
  $("status").classList.toggle("bad", bad);
}

function card(title, paragraphs, button, act) {
  const box = $("card");
  box.replaceChildren(Object.assign(document.createElement("h2"), { textContent: title }));
  for (const text of paragraphs.filter(Boolean)) box.append(Object.assign(document.createElement("p"), { textContent: text }));
  if (!button) return;
  const go = Object.assign(document.createElement("button"), { type: "button", className: "primary", textContent: button, id: "go" });
  go.addEventListener("click", act, { once: true });
  box.append(go);
  go.focus();
}

async function begin() {
  const problem = await signInFromLink();
  const me = problem ? null : await fetch("/api/me").catch(() => null);
  if (!me) return problem ? signInAgain(problem) : retry();
  if (!me.ok) return signInAgain("");
  now.me = await me.json();
  $("title").textContent = now.me.title;
  document.title = now.me.title;
  $("leave").hidden = false;
  if (now.me.role === "coordinator") return coordinate();
  now.outbox = new Outbox(now.me.reader, now.me.csrf, told);
  return next();
}

function retry() {
  status("No connection; trying again", true);
  setTimeout(begin, 2000);
}

function signInAgain(problem) {
  phase("sign-in");
  showSignIn($("card"), problem, begin);
}

async function coordinate() {
  phase("coordinator");
  const shown = await showProgress($("card")).catch(() => true);
  if (!shown) return signInAgain("");
  return setTimeout(coordinate, 5000);
}

function told(what, receipt) {
  if (what === "saved") status(receipt ? `Saved · receipt ${receipt.hash.slice(0, 8)}` : "Saved before");
  if (what === "waiting") status("Not saved yet; kept here, trying again", true);
  if (what === "refused") status(`The server refused an answer: ${receipt?.problem || "unknown"}`, true);
}

// Send what is unsent, ask where we stand, and show it.
async function next() {
  for (let pause = 500; ; pause = Math.min(pause * 1.6, 8000)) {
    try {
      await now.outbox.flush();
      const found = await fetch("/api/state");
      if (found.status === 401) throw new Unauthorised();
      if (!found.ok) throw new Error(String(found.status));
      now.state = await found.json();
      now.outbox.csrf = now.state.csrf;
      break;
    } catch (problem) {
      if (problem instanceof Unauthorised) return signInAgain("needs you to sign in again; what you entered is kept");
      status("No connection; trying again", true);
      await new Promise((done) => setTimeout(done, pause));
    }
  }
  now.looking = null;
  showCount();
  return interlude();
}

function showCount() {
  const p = now.state.progress, practising = p.practice_left > 0 && now.state.trial;
  $("progress").hidden = false;
  $("progress").setAttribute("aria-valuemax", p.total);
  $("progress").setAttribute("aria-valuenow", p.done);
  $("done").style.width = `${(100 * p.done) / Math.max(1, p.total)}%`;
  const session = p.sessions > 1 ? `session ${p.session} of ${p.sessions} · ` : "";
  $("count").textContent = practising ? `practice, ${p.practice_left} left` : `${session}${p.done} of ${p.total}`;
}

function interlude() {
  const { progress: p, trial, waits_until: until } = now.state;
  closeTrial();
  if (until) {
    phase("waiting");
    return card("This session is complete", [`The next one opens on ${new Date(until * 1000).toLocaleString()}.`, "Thank you. You may close this page."]);
  }
  if (!trial) {
    phase("done");
    return card("All cases are read", ["Everything is saved. Thank you. You may close this page."]);
  }
  const once = `seen:${now.me.reader}:${trial.name}`;
  if (p.number === 0 && !localStorage.getItem(once)) {
    return pauseCard(once, "intro", now.state.title, [now.state.instructions, p.practice ? `You begin with ${p.practice} practice case(s), which do not count.` : "", "Answers are saved as you give them; you may stop and come back at any time.", now.state.intended_use], "Begin");
  }
  if (p.practice_over && !localStorage.getItem(once)) {
    return pauseCard(once, "break", "Practice is over", [`From here on, ${p.total} cases count.`], "Begin");
  }
  if (p.new_block && !localStorage.getItem(once)) {
    return pauseCard(once, "break", "Time for a break", [`${p.done} of ${p.total} cases are read. Rest your eyes for a moment.`], "Go on");
  }
  return openTrial(trial, now.outbox.newestDraft(trial.name, now.state.draft));
}

function pauseCard(once, name, title, paragraphs, button) {
  phase(name);
  card(title, paragraphs, button, () => {
    localStorage.setItem(once, "1");
    openTrial(now.state.trial, now.outbox.newestDraft(now.state.trial.name, now.state.draft));
  });
}

function closeTrial() {
  now.desk?.close();
  now.clock?.stop();
  now.desk = now.clock = now.form = null;
  $("stage").dataset.ready = "false";
  now.ahead.forEach((pixels) => pixels.close());
}

async function openTrial(trial, draft) {
  closeTrial();
  const opening = now.opening = Symbol(trial.name);
  const engines = await loadEngines({ ...now.state, trial });
  if (now.opening !== opening) return; // another was opened meanwhile
  now.trial = trial;
  now.key = draft.key || newKey();
  document.body.dataset.trial = trial.name;
  phase("reading");
  const clock = new TrialClock(draft);
  const tell = (kind, ...values) => {
    clock.note(kind, ...values);
    clock.input();
    keep();
  };
  now.clock = clock;
  now.desk = new Desk($("stage"), trial.images, {
    linked: trial.linked, tell, note: (kind, ...values) => clock.note(kind, ...values), onMark: () => now.form.marksChanged(), onShown: shown, engines,
  });
  now.engines = engines;
  now.form = new Form($("questions"), now.state.questions, now.desk, { onChange: changed, tell });
  $("notice").hidden = !trial.notice;
  $("notice").textContent = trial.notice;
  showTools();
  now.form.restore(draft.answer || {});
  changed();
  now.desk.panes[0].canvas.focus({ preventScroll: true });
}

function shown() {
  if (!now.clock) return;
  now.clock.shown();
  $("stage").dataset.ready = "true";
  changed();
  // the first tiles of the next case, so that it appears at once
  now.ahead = (now.state.ahead || []).map((head) => new Pixels(head, () => {}));
  now.ahead.forEach((pixels) => pixels.tile(pixels.head.levels - 1, Math.floor(pixels.head.slices / 2), 0, 0));
  const ahead = now.engines.volumes ? (now.state.ahead || []).filter(fitsCard) : [];
  keepVolumes([...now.trial.images, ...ahead].map((head) => head.image));
  ahead.forEach((head) => fetchVolume(head));
}

function changed() {
  const missing = now.form.missing();
  $("submit").disabled = missing.length > 0 || $("stage").dataset.ready !== "true" || now.busy;
  $("missing").textContent = missing.length ? `Still open: ${missing.map((question) => question.label).join(" · ")}` : "";
  keep();
}

function keep() {
  if (!now.form || !now.clock || $("stage").dataset.ready !== "true") return;
  now.outbox.keepDraft(now.trial.name, { ...now.clock.kept(), answer: now.form.answer, key: now.key });
}

async function submit() {
  if (now.busy || $("submit").disabled || document.body.dataset.phase !== "reading") return;
  now.busy = true; // a double click is one click
  $("submit").disabled = true;
  clearTimeout(now.outbox.later);
  const answer = Object.fromEntries(Object.entries(now.form.answer).filter(([, value]) => value !== "" && value?.length !== 0));
  now.clock.note("submitted");
  now.outbox.put({
    trial: now.trial.name, key: now.key, answer, timing: now.clock.timing(), events: now.clock.events,
    screen: { width: innerWidth, height: innerHeight, ratio: devicePixelRatio },
  });
  now.desk.panes.forEach((pane) => pane.rest());
  status("Saving");
  try {
    await next();
  } finally {
    now.busy = false;
    if (now.form) changed();
  }
}

async function back() {
  if (!now.state?.go_back || now.busy) return;
  const number = (now.looking ?? now.state.progress.number) - 1;
  const found = await fetch(`/api/trial/${number}`).catch(() => null);
  if (!found?.ok) return;
  const { trial, answer } = await found.json();
  now.looking = number;
  openTrial(trial, { answer });
}

async function pause() {
  const pausing = document.body.dataset.phase === "reading";
  if (!now.clock || (!pausing && document.body.dataset.phase !== "paused")) return;
  now.clock.pause(pausing);
  keep();
  phase(pausing ? "paused" : "reading");
  $("pause").firstChild.textContent = pausing ? "Go on " : "Pause ";
  if (pausing) card("Paused", ["The image is hidden, and time does not count."], "Go on", pause);
  else now.desk.repaint();
  now.outbox.post("/api/pause", { paused: pausing }).catch(() => {});
}

function showTools() {
  const buttons = TOOLS.filter(([name]) => offered(name)).map(([name, label, key]) => tool(label, key.toUpperCase(), () => choose(name), name));
  if (now.desk.volumes) buttons.push(...PLANE_BUTTONS.map(([name, label, key]) => tool(label, key.toUpperCase(), () => now.desk.show(now.desk.active, name))));
  now.state.windows.forEach((window, index) => buttons.push(tool(window.name, `F${index + 1}`, () => now.desk.preset(window))));
  buttons.push(tool("Reset", "0", () => now.desk.reset()));
  $("tools").replaceChildren(...buttons);
  if (now.desk.marksAllowed) now.desk.tool = "mark";
  choose(now.desk.tool);
}

function offered(name) {
  if (name === "mark") return now.desk.marksAllowed > 0;
  if (name === "cross") return now.desk.volumes;
  return name !== "window" || now.desk.panes.some((pane) => pane.windowed);
}

function tool(label, key, act, name = "") {
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: `${label} ` });
  button.append(Object.assign(document.createElement("kbd"), { textContent: key }));
  button.dataset.tool = name;
  button.addEventListener("click", act);
  return button;
}

function choose(name) {
  now.desk.tool = name;
  now.desk.repaint();
  $("stage").dataset.tool = name;
  for (const button of $("tools").children) if (button.dataset.tool) button.setAttribute("aria-pressed", String(button.dataset.tool === name));
}

function onKey(event) {
  const typing = event.target.matches?.("textarea, input[type=password]");
  const reading = document.body.dataset.phase === "reading";
  if ($("keys").open || event.altKey || event.metaKey || (event.ctrlKey && event.key !== "Enter")) return;
  if (event.key === "?" && !typing) $("keys").showModal();
  else if (event.key.toLowerCase() === "p" && !typing) pause();
  else if (!reading) return;
  else if (event.key === "Enter" && (!typing || event.ctrlKey)) {
    if (event.target.matches?.("button") && event.target.id !== "submit") return;
    submit();
  } else if (typing) return;
  else if (/^F[1-6]$/.test(event.key) && now.state.windows[event.key[1] - 1]) now.desk.preset(now.state.windows[event.key[1] - 1]);
  else if (event.key.toLowerCase() === "b") back();
  else if (TOOLS.some(([name, , key]) => key === event.key.toLowerCase() && offered(name))) choose(TOOLS.find(([, , key]) => key === event.key.toLowerCase())[0]);
  else if (now.desk.pointing && /^Arrow/.test(event.key)) now.desk.key(event);
  else if (event.target.matches?.("input[type=range]") && /^(Arrow|Page|Home|End)/.test(event.key)) return;
  else if (!now.form.key(event) && !now.desk.key(event)) return;
  event.preventDefault();
}

$("form").addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
$("pause").addEventListener("click", pause);
$("back").addEventListener("click", back);
$("help").addEventListener("click", () => $("keys").showModal());
$("closekeys").addEventListener("click", () => $("keys").close());
$("leave").addEventListener("click", async () => {
  await now.outbox?.flush().catch(() => {});
  await fetch("/sign-out", { method: "POST", headers: { "Content-Type": "application/json", "X-CSRF-Token": now.outbox?.csrf || now.me.csrf }, body: "{}" }).catch(() => {});
  location.reload();
});
for (const [key, words] of KEYS) {
  $("keylist").append(Object.assign(document.createElement("dt"), { textContent: key }), Object.assign(document.createElement("dd"), { textContent: words }));
}
window.addEventListener("keydown", onKey);
window.addEventListener("pagehide", keep);
window.addEventListener("online", () => status("Connected again"));
begin();

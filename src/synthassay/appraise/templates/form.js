"use strict";
const facts = JSON.parse(document.getElementById("facts").textContent);
const form = document.getElementById("answers");
const message = document.getElementById("message");
const rows = Array.from(document.querySelectorAll("[data-item]"));
const domains = Array.from(document.querySelectorAll("[data-domain]"));
const field = (row, name) => row.querySelector(`[data-field="${name}"]`);
const chosen = (row) => {
  const marked = row.querySelector("input[type=radio]:checked");
  return marked ? marked.value : "";
};
const good = (reply) => reply === "yes" || reply === "probably yes";
const count = () => {
  const open = rows.filter((row) => row.dataset.run === "" && chosen(row) === "").length;
  document.getElementById("count").textContent = open === 0 ? "nothing is open" : `${open} of ${rows.length} open`;
};
const problem = () => {
  const name = document.getElementById("appraiser").value.trim();
  if (!name) return [document.getElementById("appraiser"), "Give your name or initials."];
  for (const row of rows) {
    const where = field(row, "where");
    const lacks = good(chosen(row)) && !where.value.trim();
    row.classList.toggle("lacks", lacks);
  }
  const first = rows.find((row) => row.classList.contains("lacks"));
  if (first) return [field(first, "where"), `Item ${first.dataset.item}: a yes needs to say where it stands.`];
  const judged = domains.find((row) => field(row, "level").value && field(row, "why").value.trim().length < 3);
  if (judged) return [field(judged, "why"), `Domain ${judged.dataset.domain}: a level of your own needs a reason.`];
  return null;
};
const collected = () => {
  const answers = {};
  for (const row of rows) {
    const reply = chosen(row);
    const where = field(row, "where").value.trim();
    const why = field(row, "why").value.trim();
    if (reply || where || why) answers[row.dataset.item] = { reply: reply || null, where, why };
  }
  const judgements = {};
  for (const row of domains) {
    const level = field(row, "level").value;
    if (level) judgements[row.dataset.domain] = { level, why: field(row, "why").value.trim() };
  }
  return { schema_version: 1, instrument: facts.instrument, appraiser: document.getElementById("appraiser").value.trim(),
    instrument_sha256: facts.instrument_sha256, run_sha256: facts.run_sha256, answers, judgements };
};
const save = (event) => {
  event.preventDefault();
  const found = problem();
  message.textContent = found ? found[1] : "";
  if (found) { found[0].focus(); return; }
  const file = collected();
  const link = document.createElement("a");
  const name = file.appraiser.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") || "appraiser";
  link.href = URL.createObjectURL(new Blob([JSON.stringify(file, null, 1) + "\n"], { type: "application/json" }));
  link.download = `answers-${facts.instrument}-${name}.json`;
  link.click();
  URL.revokeObjectURL(link.href);
  message.textContent = `Saved as ${link.download}.`;
};
const load = async (event) => {
  const chosenFile = event.target.files[0];
  if (!chosenFile) return;
  try {
    const file = JSON.parse(await chosenFile.text());
    if (file.instrument !== facts.instrument) throw new Error("it answers another instrument");
    document.getElementById("appraiser").value = file.appraiser || "";
    for (const row of rows) {
      const answer = (file.answers || {})[row.dataset.item] || {};
      for (const radio of row.querySelectorAll("input[type=radio]")) radio.checked = radio.value === answer.reply;
      field(row, "where").value = answer.where || "";
      field(row, "why").value = answer.why || "";
    }
    for (const row of domains) {
      const judgement = (file.judgements || {})[row.dataset.domain] || {};
      field(row, "level").value = judgement.level || "";
      field(row, "why").value = judgement.why || "";
    }
    message.textContent = "Loaded.";
  } catch (error) {
    message.textContent = `This file cannot be used: ${error.message}.`;
  }
  count();
};
form.addEventListener("submit", save);
form.addEventListener("change", count);
document.getElementById("load").addEventListener("change", load);
document.getElementById("only-open").addEventListener("change", (event) => {
  for (const row of rows) row.hidden = event.target.checked && row.dataset.run !== "";
});
count();

// What a coordinator sees: how far readers are. Answers are not sent here.

const ago = (seconds) => {
  if (seconds === null) return "–";
  const minutes = Math.max(0, Math.round(Date.now() / 60000 - seconds / 60));
  if (minutes < 1) return "just now";
  if (minutes < 90) return `${minutes} min ago`;
  return minutes < 2880 ? `${Math.round(minutes / 60)} h ago` : `${Math.round(minutes / 1440)} days ago`;
};

export async function showProgress(card) {
  const found = await fetch("/api/progress");
  if (!found.ok) return false;
  const { readers } = await found.json();
  const table = document.createElement("table");
  table.innerHTML = "<thead><tr><th>Reader</th><th>Read</th><th>Progress</th><th>Session</th><th>Median time</th><th>Last answer</th></tr></thead><tbody></tbody>";
  for (const line of readers) {
    const row = table.tBodies[0].insertRow();
    const meter = Object.assign(document.createElement("meter"), { min: 0, max: line.total, value: line.done });
    const session = line.waits_until ? `waits until ${new Date(line.waits_until * 1000).toLocaleDateString()}`
      : line.session ? `${line.session} of ${line.sessions}` : "finished";
    for (const value of [line.reader, `${line.done} of ${line.total}`, meter, session, line.median_s === null ? "–" : `${line.median_s} s`, line.done ? ago(line.last) : line.invited ? "invited" : "not invited"]) {
      row.insertCell().append(value);
    }
  }
  const all = readers.reduce((sum, line) => sum + line.total, 0), done = readers.reduce((sum, line) => sum + line.done, 0);
  const heading = Object.assign(document.createElement("h2"), { textContent: `${done} of ${all} readings` });
  const note = Object.assign(document.createElement("p"), { className: "hint", textContent: "Answers are not shown while readers read." });
  card.replaceChildren(heading, table, note);
  return true;
}

// Nothing that was entered is lost: a response lies in the browser's storage until the server has acknowledged it.
// Each carries a key, so that sending it twice counts once.

export class Unauthorised extends Error {}

export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}

const wait = (ms) => new Promise((done) => setTimeout(done, ms));

export class Outbox {
  constructor(reader, csrf, tell) {
    this.reader = reader;
    this.csrf = csrf;
    this.tell = tell;
    this.name = `outbox:${reader}`;
  }

  read(name = this.name) {
    try {
      return JSON.parse(localStorage.getItem(name)) || [];
    } catch {
      return [];
    }
  }

  put(body) {
    const others = this.read().filter((one) => one.key !== body.key);
    localStorage.setItem(this.name, JSON.stringify([...others, body]));
  }

  drop(body) {
    localStorage.setItem(this.name, JSON.stringify(this.read().filter((one) => one.key !== body.key)));
    localStorage.removeItem(this.draftName(body.trial));
  }

  // Send everything; returns when the server has it all. The connection may be gone for hours.
  async flush() {
    let pause = 400;
    for (let body = this.read()[0]; body; body = this.read()[0]) {
      let found = null;
      try {
        found = await this.post("/api/response", body);
      } catch {
        found = null;
      }
      if (found?.ok || found?.status === 409) {
        this.drop(body); // 409: another tab was first, or the answer had arrived before its receipt was lost
        pause = 400;
        this.tell("saved", found.ok ? await found.json() : null);
      } else if (found?.status === 401) {
        throw new Unauthorised();
      } else if (found?.status === 403) {
        const me = await fetch("/api/me");
        if (!me.ok) throw new Unauthorised();
        this.csrf = (await me.json()).csrf;
        await wait(pause);
      } else if (found && found.status < 500 && found.status !== 429) {
        this.drop(body);
        localStorage.setItem(`refused:${this.reader}`, JSON.stringify([...this.read(`refused:${this.reader}`), body]));
        this.tell("refused", await found.json().catch(() => null));
      } else {
        this.tell("waiting");
        await wait(pause);
        pause = Math.min(pause * 1.6, 8000);
      }
    }
  }

  post(path, body) {
    return fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRF-Token": this.csrf },
      body: JSON.stringify(body),
    });
  }

  draftName(trial) {
    return `draft:${this.reader}:${trial}`;
  }

  // Drafts go to the browser at once and to the server a little later; the newer of the two is taken after a reload.
  keepDraft(trial, draft) {
    localStorage.setItem(this.draftName(trial), JSON.stringify(draft));
    clearTimeout(this.later);
    this.later = setTimeout(() => this.sendDraft(trial, draft), 1200);
  }

  async sendDraft(trial, draft) {
    try {
      await this.post("/api/draft", { trial, draft: { ...draft, events: draft.events.slice(-200) } });
    } catch {
      // the copy in the browser stays
    }
  }

  newestDraft(trial, server) {
    let own = null;
    try {
      own = JSON.parse(localStorage.getItem(this.draftName(trial)));
    } catch {
      own = null;
    }
    if (!own || (server && server.active_ms > own.active_ms)) return server || {};
    return own;
  }
}

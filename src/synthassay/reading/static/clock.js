// Time on a trial: only what passes while the image is shown, the page is visible and nobody pauses.

export class TrialClock {
  constructor(kept = {}) {
    this.active = kept.active_ms || 0;
    this.pausedFor = kept.paused_ms || 0;
    this.hiddenFor = kept.hidden_ms || 0;
    this.firstInput = kept.first_input_ms ?? null;
    this.events = kept.events || [];
    this.loads = (kept.loads || 0) + 1; // more than 1: the page was loaded again during this trial
    this.state = "loading";
    this.since = performance.now();
    this.onVisibility = () => this.turn(document.hidden ? "hidden" : this.paused ? "paused" : "active");
    this.paused = false;
    document.addEventListener("visibilitychange", this.onVisibility);
  }

  shown() {
    if (this.state !== "loading") return;
    this.turn(document.hidden ? "hidden" : "active", true);
    this.note("shown");
  }

  pause(paused) {
    this.paused = paused;
    this.turn(paused ? "paused" : "active");
    this.note(paused ? "paused" : "went on");
  }

  turn(state, first = false) {
    if (this.state === "loading" && !first) return;
    this.settle();
    if (state !== this.state && (state === "hidden" || this.state === "hidden")) this.note(state === "hidden" ? "hidden" : "visible");
    this.state = state;
  }

  settle() {
    const now = performance.now(), passed = now - this.since;
    if (this.state === "active") this.active += passed;
    if (this.state === "paused") this.pausedFor += passed;
    if (this.state === "hidden") this.hiddenFor += passed;
    this.since = now;
  }

  input() {
    this.settle();
    if (this.firstInput === null) this.firstInput = Math.round(this.active);
  }

  note(kind, ...values) {
    this.settle();
    const event = [Math.round(this.active), kind, ...values.map((v) => (typeof v === "number" ? Math.round(v * 100) / 100 : v))];
    const last = this.events.at(-1);
    // a drag is one event: what it came to within 400 ms replaces what it was
    if (last && ["window", "pan", "zoom", "cross"].includes(kind) && last[1] === kind && event[0] - last[0] < 400) this.events.pop();
    if (this.events.length < 4900) this.events.push(event);
  }

  timing() {
    this.settle();
    return {
      active_ms: Math.round(this.active), paused_ms: Math.round(this.pausedFor), hidden_ms: Math.round(this.hiddenFor),
      first_input_ms: this.firstInput ?? Math.round(this.active), loads: this.loads,
    };
  }

  kept() {
    return { ...this.timing(), first_input_ms: this.firstInput, events: this.events };
  }

  stop() {
    document.removeEventListener("visibilitychange", this.onVisibility);
  }
}

// The questions of a trial, drawn as the design describes them; answered by mouse, touch or keys.

const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

export class Form {
  // onChange() is called after each change; tell(kind, ...) notes an event.
  constructor(box, questions, desk, { onChange, tell }) {
    Object.assign(this, { box, questions, desk, onChange, tell, answer: {}, rows: {} });
    this.current = 0;
    box.replaceChildren(...questions.map((question) => this.row(question)));
    const pick = questions.find((question) => question.type === "pick");
    if (pick) this.addPicks(pick);
    this.highlight();
  }

  row(question) {
    const row = make("fieldset", { className: `question ${question.type}` }, make("legend", { textContent: question.label }));
    const control = this[question.type](question);
    if (control) row.append(control);
    row.addEventListener("focusin", () => this.go(this.questions.indexOf(question)));
    this.rows[question.name] = row;
    return row;
  }

  options(question) {
    return make("div", { className: "choices" }, ...question.options.map((option) => {
      const button = make("button", { type: "button", className: "choice", value: option.value }, option.label);
      if (option.key) button.append(" ", make("kbd", { textContent: option.key.toUpperCase() }));
      button.addEventListener("click", () => this.set(question, option.value));
      return button;
    }));
  }

  points(question) {
    const buttons = [];
    for (let value = question.lowest; value <= question.highest; value++) {
      const button = make("button", { type: "button", className: "choice", value: String(value), textContent: String(value) });
      button.addEventListener("click", () => this.set(question, value));
      buttons.push(button);
    }
    return make("div", {}, make("div", { className: "choices points" }, ...buttons), this.ends(question));
  }

  ends(question) {
    return make("div", { className: "ends" }, make("span", { textContent: question.low_label }), make("span", { textContent: question.high_label }));
  }

  slider(question) {
    const input = make("input", {
      type: "range", min: question.lowest, max: question.highest, value: Math.round((question.lowest + question.highest) / 2), className: "unset",
    });
    input.setAttribute("aria-label", question.label);
    const shown = make("output", { textContent: "–" });
    const take = () => this.set(question, Number(input.value));
    input.addEventListener("input", take);
    input.addEventListener("pointerup", take); // a click on the place where it stands already is an answer too
    return make("div", {}, make("div", { className: "sliding" }, input, shown), this.ends(question));
  }

  pick() {
    return make("p", { className: "hint", textContent: "Choose below an image, or with its number." });
  }

  addPicks(question) {
    this.desk.panes.forEach((pane, index) => {
      const button = make("button", { type: "button", className: "choice pick", value: String(index) }, `Image ${index + 1} `, make("kbd", { textContent: String(index + 1) }));
      button.addEventListener("click", () => this.set(question, index));
      pane.element.append(button);
    });
  }

  tags(question) {
    return make("div", { className: "choices tags" }, ...question.options.map((option) => {
      const button = make("button", { type: "button", className: "choice", value: option.value, textContent: option.label });
      button.addEventListener("click", () => {
        const now = this.answer[question.name] || [];
        this.set(question, now.includes(option.value) ? now.filter((tag) => tag !== option.value) : [...now, option.value]);
      });
      return button;
    }));
  }

  text(question) {
    const area = make("textarea", { rows: 2, maxLength: question.most, placeholder: "optional" });
    area.setAttribute("aria-label", question.label);
    area.addEventListener("input", () => this.set(question, area.value, false));
    return area;
  }

  marks(question) {
    this.desk.marksAllowed = question.most;
    this.marking = question;
    return make("div", {}, make("p", { className: "hint", textContent: "With the tool Mark (K): click to set, click again to remove." }), make("ol", { className: "marked" }));
  }

  // Marks changed on an image: keep their ratings, and show one slider for each where the design asks for many.
  marksChanged() {
    const question = this.marking, list = this.rows[question.name].querySelector("ol");
    const middle = Math.round((question.lowest + question.highest) / 2);
    list.replaceChildren(...this.desk.marks.map((mark, index) => {
      mark.rating ??= question.most === 1 ? question.highest : middle;
      const item = make("li", {}, make("span", { textContent: `Place ${index + 1}` }));
      if (question.most > 1) {
        const input = make("input", { type: "range", min: question.lowest, max: question.highest, value: mark.rating });
        input.setAttribute("aria-label", `Rating of place ${index + 1}`);
        const shown = make("output", { textContent: String(mark.rating) });
        input.addEventListener("input", () => {
          mark.rating = Number(input.value);
          shown.textContent = input.value;
          this.set(question, this.desk.marks.map((one) => ({ ...one })));
        });
        item.append(input, shown);
      }
      const remove = make("button", { type: "button", className: "small", textContent: "Remove" });
      remove.addEventListener("click", () => {
        this.desk.marks.splice(index, 1);
        this.marksChanged();
        this.desk.repaint();
      });
      item.append(remove);
      return item;
    }));
    this.set(question, this.desk.marks.map((one) => ({ ...one })));
  }

  set(question, value, note = true) {
    this.answer[question.name] = value;
    if (note) this.tell("answer", question.name, typeof value === "object" ? JSON.stringify(value).slice(0, 200) : value);
    this.show(question);
    if (question.type === "points" && this.questions[this.current] === question) this.go(this.current + 1);
    this.onChange();
  }

  show(question) {
    const value = this.answer[question.name], row = this.rows[question.name];
    const scope = question.type === "pick" ? this.desk.stage : row;
    for (const button of scope.querySelectorAll(question.type === "pick" ? "button.pick" : "button.choice")) {
      const chosen = Array.isArray(value) ? value.includes(button.value) : String(value) === button.value;
      button.setAttribute("aria-pressed", String(chosen));
    }
    const range = row.querySelector(".sliding input");
    if (range && value !== undefined) {
      range.value = value;
      range.classList.remove("unset");
      row.querySelector("output").textContent = String(value);
    }
    const area = row.querySelector("textarea");
    if (area && value !== undefined && area.value !== value) area.value = value;
  }

  restore(answer) {
    this.answer = { ...answer };
    if (this.marking && Array.isArray(answer[this.marking.name])) {
      this.desk.marks = answer[this.marking.name].map((mark) => ({ ...mark }));
      this.marksChanged();
    }
    this.questions.forEach((question) => this.show(question));
  }

  missing() {
    return this.questions.filter((question) => question.required && this.answer[question.name] === undefined);
  }

  go(index) {
    this.current = Math.min(Math.max(index, 0), this.questions.length - 1);
    this.highlight();
  }

  highlight() {
    this.questions.forEach((question, index) => this.rows[question.name].classList.toggle("current", index === this.current));
  }

  // Keys of the form; returns whether the key was one.
  key(event) {
    const lower = event.key.toLowerCase();
    for (const question of this.questions) {
      const option = question.options.find((one) => one.key && one.key === lower);
      if (option) return this.took(() => this.set(question, option.value));
      if (question.type === "pick" && /^[1-8]$/.test(event.key) && Number(event.key) <= this.desk.panes.length) {
        return this.took(() => this.set(question, Number(event.key) - 1));
      }
    }
    const now = this.questions[this.current];
    if (event.key === "n" || event.key === "j") return this.took(() => this.go(this.current + 1));
    if (event.key === "N" || event.key === "u") return this.took(() => this.go(this.current - 1));
    if (now?.type === "points" && /^[1-9]$/.test(event.key) && Number(event.key) >= now.lowest && Number(event.key) <= now.highest) {
      return this.took(() => this.set(now, Number(event.key)));
    }
    if (now?.type === "tags" && /^[1-9]$/.test(event.key)) {
      return this.took(() => this.rows[now.name].querySelectorAll("button")[Number(event.key) - 1]?.click());
    }
    const step = { ArrowLeft: -1, ArrowRight: 1, ",": -10, ".": 10 }[event.key];
    const sliding = now?.type === "slider" ? now : this.questions.find((question) => question.type === "slider");
    if (step && sliding && !event.shiftKey) {
      const from = this.answer[sliding.name] ?? Math.round((sliding.lowest + sliding.highest) / 2);
      return this.took(() => this.set(sliding, Math.min(Math.max(from + step, sliding.lowest), sliding.highest)));
    }
    return false;
  }

  took(act) {
    act();
    return true;
  }
}

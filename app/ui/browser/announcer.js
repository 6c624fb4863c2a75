// Reads an answer to a screen reader in a few pieces. Gradio's own live region changes with every frame, which floods it.

const PAUSE_MILLISECONDS = 2000;

export class Announcer {
  constructor(log, region) {
    Object.assign(this, { region, answerId: "", said: 0, timer: null });
    log?.setAttribute("aria-live", "off");
  }

  // After each change of the last answer; `id` "" where there is none.
  follow({ id, text, isRunning }) {
    if (id !== this.answerId) {
      this.answerId = id;
      this.said = isRunning ? 0 : text.length; // what is opened is not read out
      if (isRunning) this.#say("Answering…");
    }
    Object.assign(this, { text, isRunning });
    if (isRunning) this.timer ??= setTimeout(() => this.#readOn(), PAUSE_MILLISECONDS);
    else this.#readOn();
  }

  #readOn() {
    clearTimeout(this.timer);
    this.timer = null;
    const rest = this.text.slice(this.said);
    const whole = this.isRunning ? rest.slice(0, rest.search(/\s\S*$/) + 1) : rest; // no half words
    this.said += whole.length;
    if (whole.trim()) this.#say(whole);
  }

  #say(text) {
    this.region.textContent = text;
  }
}

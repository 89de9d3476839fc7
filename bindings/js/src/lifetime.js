// From the first use of something to its release: uses under way end first.

import { SteleError } from "./errors.js";

export class Lifetime {
  #what;
  #release;
  #inUse = 0;
  /** @type {Promise<void> | undefined} */
  #closed;
  /** @type {(() => void) | undefined} */
  #resolveClosed;

  /**
   * @param {string} what for the message, for example `model`
   * @param {() => void} release called once, when it is closed and no use is under way
   */
  constructor(what, release) {
    this.#what = what;
    this.#release = release;
  }

  /** @throws {SteleError} FAILED_PRECONDITION: it is closed */
  requireOpen() {
    if (this.#closed !== undefined) {
      throw new SteleError("FAILED_PRECONDITION", `${this.#what} is closed`);
    }
  }

  /**
   * Begins a use, which {@link leave} ends.
   *
   * @throws {SteleError} FAILED_PRECONDITION: it is closed
   */
  enter() {
    this.requireOpen();
    this.#inUse++;
  }

  leave() {
    this.#inUse--;
    this.#releaseWhenIdle();
  }

  /**
   * Refuses new uses from now on. Closing twice is no error.
   *
   * @returns {Promise<void>} fulfilled after the release, which is at once without a use under way
   */
  close() {
    if (this.#closed === undefined) {
      this.#closed = new Promise((resolve) => {
        this.#resolveClosed = resolve;
      });
      this.#releaseWhenIdle();
    }
    return this.#closed;
  }

  #releaseWhenIdle() {
    if (this.#resolveClosed === undefined || this.#inUse > 0) return;
    this.#release();
    this.#resolveClosed();
  }
}

// What the SDK needs of Google's api.js to sign in with popups and redirects, without the network. An app loads this script
// before it uses Auth:
//
//   <script src="http://127.0.0.1:9099/emulator/auth/gapi.js"></script>
(() => {
  if (window.gapi?.iframes?.Iframe) return;

  /** The frame of the SDK. Its events wait until somebody listens. */
  class Iframe {
    #frame;
    #origin;
    #handlers = new Map();
    #waiting = [];
    #answers = new Map();
    #ready;

    constructor(frame, origin) {
      this.#frame = frame;
      this.#origin = origin;
      this.#ready = new Promise(resolve => {
        window.addEventListener('message', ({ source, origin: from, data }) => {
          if (source !== frame.contentWindow || from !== origin) return;
          switch (data?.firewarden) {
            case 'ready': return resolve();
            case 'event': return this.#deliver(data);
            case 'answer': {
              const resolve = this.#answers.get(data.id);
              this.#answers.delete(data.id);
              return resolve?.(data.answer);
            }
          }
        });
      });
    }

    #deliver(event) {
      const handler = this.#handlers.get(event.name);
      if (handler) handler(event.message, this);
      else this.#waiting.push(event);
    }

    register(name, handler) {
      this.#handlers.set(name, handler);
      const waiting = this.#waiting;
      this.#waiting = [];
      waiting.forEach(event => this.#deliver(event));
    }

    unregister(name) {
      this.#handlers.delete(name);
    }

    async send(name, message, callback) {
      await this.#ready;
      const id = `${Date.now()}-${Math.random()}`;
      const answer = await new Promise(resolve => {
        this.#answers.set(id, resolve);
        this.#frame.contentWindow.postMessage({ firewarden: 'call', id, name, message }, this.#origin);
      });
      try {
        callback?.(answer);
      } catch {
        // Google's script drops what callbacks throw, and the SDK's callback always throws after it is done.
      }
      return answer;
    }

    async ping(callback) {
      await this.#ready;
      callback?.();
      return [{ status: 'ACK' }];
    }

    async restyle() {}

    close() {
      this.#frame.remove();
    }
  }

  function open({ where, url, attributes = {} }, opened) {
    const address = new URL(url);
    address.searchParams.set('gapi', 'firewarden');
    const frame = document.createElement('iframe');
    const { style, ...others } = attributes;
    Object.assign(frame.style, style);
    for (const [name, value] of Object.entries(others)) frame.setAttribute(name, value);
    const iframe = new Iframe(frame, address.origin);
    frame.src = address.href;
    (where ?? document.body).append(frame);
    return Promise.resolve(opened ? opened(iframe) : iframe);
  }

  const context = { open };
  window.gapi = {
    ...window.gapi,
    load: (_features, options) => queueMicrotask(typeof options === 'function' ? options : options?.callback ?? (() => {})),
    iframes: { Iframe, CROSS_ORIGIN_IFRAMES_FILTER: () => true, getContext: () => context },
  };
})();

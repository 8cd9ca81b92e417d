// The site's search runs in a worker, and browsers give none to a page that is opened from disk. There it
// runs in a hidden frame instead, which the theme knows under this name, as it does that of the file.
class IFrameWorker extends EventTarget {
  constructor(url) {
    super();
    this.frame = document.body.appendChild(document.createElement("iframe"));
    this.frame.hidden = true;
    const inside = this.frame.contentWindow;
    inside.document.open();
    inside.document.write("<!doctype html><body>");
    inside.document.close();
    inside.postMessage = (data) => {
      const answer = new MessageEvent("message", { data: structuredClone(data) });
      setTimeout(() => {  // a worker's answers never come while somebody still gets ready for them
        this.dispatchEvent(answer);
        this.onmessage?.(answer);
      });
    };
    inside.importScripts = (...urls) =>
      urls.reduce((before, next) => before.then(() => this.load(next)), Promise.resolve());
    this.loaded = this.load(url);
  }

  load(url) {
    return new Promise((resolve, reject) => {
      const script = this.frame.contentDocument.createElement("script");
      Object.assign(script, { src: url, onload: resolve, onerror: reject });
      this.frame.contentDocument.body.append(script);
    });
  }

  postMessage(data) {
    const inside = this.frame.contentWindow;
    this.loaded.then(() =>
      inside.dispatchEvent(new inside.MessageEvent("message", { data: structuredClone(data) })));
  }

  terminate() {
    this.frame.remove();
  }
}

window.IFrameWorker = IFrameWorker;
if (location.protocol === "file:") window.Worker = IFrameWorker;

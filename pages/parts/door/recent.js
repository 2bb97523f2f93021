// The workspaces that this browser has had open, in its own storage: notes the present one, or offers the others.
//
// What stands there may be old, or written by another page of this address: whatever is no entry is left out, and all of
// it becomes text, never markup.

const PLACE = "seq2seq-lab:recent", MOST = 8

export default function ({ data, parentElement, setTriggerValue }) {
  if (data.texts) offer(data, parentElement.querySelector(".recent"))
  else note(data, () => setTriggerValue("gone", true))
}

/** Puts the present workspace first once something of it is kept; one that was kept and is no longer is told of. */
function note({ id, is_kept, deleted, ...facts }, tell) {
  const entries = read(), known = entries.find(entry => entry.id === id)
  const others = entries.filter(entry => entry.id !== id && entry.id !== deleted)
  const page = location.pathname.split("/").at(-1) || (known?.page ?? "") // Start is where it is chosen, not gone on with
  write(is_kept ? [{ id, page, when: Date.now(), ...facts }, ...others] : others)
  if (known && !is_kept) tell()
}

function offer(data, root) {
  const { left_out, names, texts } = data
  const entries = read().filter(entry => !left_out.includes(entry.id))
  root.querySelector("p").textContent = entries.length ? texts.title : texts.welcome
  root.querySelector("ul").replaceChildren(...entries.map(entry => {
    const item = document.createElement("li"), isOwn = entry.lesson === "own"
    const name = (!isOwn && names[entry.lesson]) || entry.first || names.own
    const link = add(item, "a"), forget = add(item, "button", "✕")
    link.href = `${encodeURIComponent(entry.page ?? "")}?lesson=${encodeURIComponent(entry.id)}`
    add(link, "b", name)
    add(link, "span", fill(texts.facts, { pairs: entry.pairs, when: written(entry.when, data.language) }))
    forget.title = fill(texts.forget, { name })
    forget.setAttribute("aria-label", forget.title)
    forget.onclick = () => {
      write(read().filter(other => other.id !== entry.id))
      offer(data, root)
      root.querySelector("p").focus() // what had the focus is gone
    }
    return item
  }))
}

function add(parent, kind, words = "") {
  const element = document.createElement(kind)
  element.textContent = words
  parent.append(element)
  return element
}

function fill(words, values) {
  return words.replace(/{(\w+)}/g, (_, name) => values[name] ?? "")
}

/** Writes a time as its reader does: as the browser is set, if that is in the language of the page. */
function written(when, language) {
  const locale = navigator.languages.find(locale => locale.startsWith(language)) ?? language
  return new Date(when).toLocaleString(locale, { dateStyle: "medium", timeStyle: "short" })
}

function read() {
  try {
    const isEntry = entry => typeof entry?.id === "string" && Number.isFinite(new Date(entry.when).getTime())
    return JSON.parse(localStorage.getItem(PLACE)).filter(isEntry)
  } catch {
    return [] // nothing was written yet, or the browser does not let us
  }
}

function write(entries) {
  try {
    localStorage.setItem(PLACE, JSON.stringify(entries.slice(0, MOST)))
  } catch {
    // blocked, or full: then nothing is remembered
  }
}

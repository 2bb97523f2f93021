// What stands above Streamlit's elements: the language of the document, and what its keys and links do beyond that.

const SENT = 300 // milliseconds: the table waits 150 before it sends what was typed, and the server needs a while to begin

export default function ({ data }) {
  const { documentElement } = document
  documentElement.lang = data.language
  // The app speaks its own languages. A translator in the browser exchanges texts behind Streamlit's back: figures and
  // translations would stay as they were when it did so.
  documentElement.translate = false
}

// Streamlit takes the style sheet away while the page changes, and all would be drawn without it: so the last one stays.
const kept = document.body.appendChild(document.createElement("style"))
new MutationObserver(() => {
  const sheet = document.querySelector("[data-testid=stHtml] style")
  if (sheet && sheet.textContent !== kept.textContent) kept.textContent = sheet.textContent
}).observe(document.body, { childList: true, subtree: true })

let typed = -SENT // when something was last done in a table
for (const kind of ["keydown", "paste", "click"]) {
  document.addEventListener(kind, event => (typed = isInTable(event.target) ? event.timeStamp : typed), true)
}

/** Streamlit forgets what the table has not sent yet when the page changes, so a link waits for that. */
document.addEventListener("click", event => {
  const link = event.target.closest("a"), wait = typed + SENT - event.timeStamp
  if (!link || wait <= 0 || event.ctrlKey || event.metaKey) return
  event.preventDefault()
  event.stopPropagation()
  setTimeout(() => link.click(), wait)
}, true)

/** Enter in the fields of a new pair goes on to one that is empty, before Streamlit would add half a pair. */
document.addEventListener("keydown", event => {
  const empty = fieldsOf(event).find(field => !field.value)
  if (!empty) return
  event.preventDefault()
  event.stopPropagation()
  empty.focus()
}, true)

/** When Streamlit has added the pair, the next one begins. */
document.addEventListener("keydown", event => fieldsOf(event)[0]?.focus())

/** The fields of a new pair, where an event is an Enter that does not end a Korean syllable. */
function fieldsOf(event) {
  const isEnter = event.key === "Enter" && !event.isComposing && event.keyCode !== 229
  if (!isEnter || event.target.tagName !== "INPUT") return []
  return [...(event.target.closest(".st-key-new-pair")?.querySelectorAll("input") ?? [])]
}

/** The editor of a cell is not in its table, but in a layer above the page. */
function isInTable(element) {
  return Boolean(element.closest?.(".st-key-pairs-editor, .st-key-runs-editor, #portal"))
}

// The decoding stepper: shows one step of a translation and goes from step to step, all in the browser.
//
// stepper.py sends a whole translation at once, as tables of what is to be seen. Nothing is computed here but
// places and colours, and the server is told of nothing but another token that a step is to output, whether the tables
// are open, and, during the tour, that somebody came to the last step.

const LANE = 56, LINE = 26 // pixels of a lane of the loop, and of a line of the translation above it
const WEIGHT = 28, WIDEST = 8 // pixels of a bar, and of a line, of an attention weight of 1
const SEEN = 12 + WEIGHT + LINE + 4 // pixels of a line of source tokens, with their bars and the numbers above these
const LEFT = -2.05, TOP = 2.62, BOTTOM = -0.4 // edges of the loop, in columns and lanes
const SECONDS = 1 // between two steps while it plays
const NO_NUMBER = "NaN" // is sent as null: what a training that went astray computes

const steppers = new WeakMap() // an element of the page → what is shown in it

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  if (!steppers.has(parentElement)) steppers.set(parentElement, new Stepper(parentElement.querySelector(".stepper")))
  const stepper = steppers.get(parentElement)
  stepper.pick = token_id => setTriggerValue("pick", { step: stepper.n, token_id })
  stepper.opens = isOpen => setStateValue("numbers", isOpen)
  stepper.ends = version => setStateValue("end", version)
  stepper.show(data)
  return () => {
    stepper.leave()
    steppers.delete(parentElement) // it may come back into the same element
  }
}

class Stepper {
  constructor(root) {
    this.find = selector => root.querySelector(selector)
    for (const button of root.querySelectorAll("[data-does]")) button.onclick = () => this.does(button.dataset.does)
    this.scrub = this.find(".scrub")
    this.scrub.oninput = () => this.go(this.scrub.value - 1)
    this.other = this.find(".other input")
    this.other.onchange = () => this.picksOther(this.other.value.trim())
    this.tables = this.find("details")
    this.tables.ontoggle = () => this.toggles()
    this.find(".states").replaceChildren() // those of a stepper that was here before
    this.onKey = event => this.takesKey(event)
    document.addEventListener("keydown", this.onKey)
    this.resized = new ResizeObserver(() => this.draw())
    this.resized.observe(this.find(".loop"))
  }

  leave() {
    clearInterval(this.timer)
    document.removeEventListener("keydown", this.onKey)
    this.resized.disconnect()
  }

  /** Takes a translation, which may be the same as before; only a new one, or a change of it, says where to begin. */
  show(data) {
    const isNew = data.version !== this.data?.version
    if (!this.data) this.tables.open = data.shows_numbers
    this.data = data
    this.last = data.steps.length - 1
    this.n = Math.min(isNew ? data.n : this.n, this.last)
    this.label()
    if (isNew) {
      this.find("datalist").replaceChildren(...data.tokens.map(token => new Option(token))) // thousands, of words
      this.stop()
    }
    this.draw()
    if (!this.last) this.tellEnd() // there is nothing to step through
  }

  /** Writes what stays the same from step to step. */
  label() {
    const { texts } = this.data
    for (const name of ["first", "back", "next"]) this.find(`[data-does=${name}] span`).textContent = texts[name]
    for (const key of this.find(".controls").querySelectorAll("kbd")) key.hidden = !this.data.has_shortcuts
    this.scrub.max = Math.max(2, this.last + 1)
    this.scrub.setAttribute("aria-label", texts.scrub)
    this.find(".other").hidden = !this.data.can_pick
    this.find(".other span").textContent = texts.other_token
    this.other.placeholder = texts.choose
    this.find("summary").textContent = texts.numbers
    this.find(".colours").textContent = texts.colours
    this.find("svg").setAttribute("aria-label", texts.loop_alt)
    this.find(".bars").setAttribute("aria-label", texts.bars_alt)
  }

  // --- Going from step to step ---------------------------------------------------------------------------------------

  does(name) {
    if (name === "play") return this.timer ? this.stop() : this.play()
    this.go({ first: 0, back: this.n - 1, next: this.n + 1 }[name])
  }

  /** Who goes by hand does not want it to play on. */
  go(n) {
    this.stop()
    this.n = Math.max(0, Math.min(n, this.last))
    this.draw()
    this.tellEnd()
  }

  /** Plays; at the end it begins anew. */
  play() {
    if (this.n === this.last) this.n = 0
    this.timer = setInterval(() => {
      this.n = Math.min(this.n + 1, this.last) // others may have been sent meanwhile, with fewer steps
      if (this.n === this.last) this.stop()
      this.draw()
      this.tellEnd()
    }, SECONDS * 1000)
    this.draw()
  }

  tellEnd() {
    const { tells_end, version } = this.data
    if (!tells_end || this.n < this.last || this.ended === version) return
    this.ended = version
    this.ends(version)
  }

  stop() {
    clearInterval(this.timer)
    this.timer = undefined
    if (this.data) this.drawControls()
  }

  /** Takes a key of the keyboard, unless it is meant for something else on the page. */
  takesKey(event) {
    const name = { Home: "first", ArrowLeft: "back", p: "play", P: "play", ArrowRight: "next" }[event.key]
    const isElsewhere = event.composedPath()[0].closest?.(
      "input, textarea, select, [contenteditable=true], [role=slider], [role=combobox], [role=radiogroup], [role=tablist]",
    )
    if (!name || !this.data.has_shortcuts || isElsewhere || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
    const button = this.find(`[data-does=${name}]`)
    if (button.disabled) return
    event.preventDefault() // the page would scroll
    this.does(name)
  }

  picksOther(token) {
    const token_id = this.data.tokens.indexOf(token)
    this.other.value = ""
    if (token_id >= 0) this.pick(token_id)
  }

  /** Asks the server for the probabilities of all tokens where they are looked at, and lets it know when no longer. */
  toggles() {
    const isOpen = this.tables.open
    if (isOpen !== this.data.shows_numbers) this.opens(isOpen)
    this.drawTables()
  }

  // --- Drawing -------------------------------------------------------------------------------------------------------

  draw() {
    if (!this.data) return
    this.rem = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16 // more in large type
    this.find(".narration").textContent = this.data.steps[this.n].narration
    this.drawControls()
    this.drawLoop()
    this.drawStates()
    this.drawBars()
    this.drawTables()
  }

  drawControls() {
    const { texts } = this.data
    const isAt = { first: this.n === 0, back: this.n === 0, next: this.n === this.last, play: this.last === 0 }
    for (const name in isAt) this.find(`[data-does=${name}]`).disabled = isAt[name]
    this.find("[data-does=play] i").textContent = this.timer ? "pause" : "play_arrow"
    this.find("[data-does=play] span").textContent = this.timer ? texts.pause : texts.play
    this.scrub.value = this.n + 1
    this.scrub.disabled = this.last === 0
  }

  /** The loop so far: inputs, cells and outputs, and above them the translation. */
  drawLoop() {
    const svg = this.find("svg"), { columns, lines, texts } = this.data, { rem } = this
    const { width } = svg.getBoundingClientRect(), column = width / (columns + 0.5 - LEFT)
    const lane = LANE * rem, over = lines * LINE * rem + this.attentionHeight
    const height = over + (TOP - BOTTOM) * lane
    const X = x => (x - LEFT) * column, Y = y => over + (TOP - y) * lane
    const labelSize = Math.min(15 * rem, Math.max(10, column / 4))
    svg.replaceChildren()
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`)
    svg.style.height = `${height}px`
    add(svg, "text", { x: 0, y: Y(2), class: "label", "font-size": labelSize }, texts.output)
    add(svg, "text", { x: 0, y: Y(0), class: "label", "font-size": labelSize }, texts.input)
    const draw = {
      so_far: row => {
        const unit = 10.5 * rem, left = row.x * unit + 5, wide = row.width * unit, top = row.y * LINE * rem
        if (row.now) add(svg, "rect", { x: left, y: top + 2, width: wide, height: 22 * rem, rx: 3, fill: "var(--target)" })
        const written = { x: left + wide / 2, y: top + 2 + 11 * rem, "font-size": 17 * rem }
        add(svg, "text", { ...written, class: row.now ? "token on-colour" : "token" }, row.token)
        if (row.forced) add(svg, "rect", { x: left, y: top + 24 * rem, width: wide, height: 2, fill: "currentColor" })
      },
      arrow: (row, colour) => {
        const [x, y, x2, y2] = [X(row.x), Y(row.y), X(row.x2), Y(row.y2)]
        const group = add(svg, "g", { stroke: colour, fill: colour, class: row.now ? "" : "past" })
        const turn = (Math.atan2(y2 - y, x2 - x) * 180) / Math.PI
        add(group, "line", { x1: x, y1: y, x2, y2, "stroke-width": 2.5 })
        add(group, "path", { d: "M 2 0 L -6 -4 L -6 4 Z", transform: `translate(${x2} ${y2}) rotate(${turn})` })
      },
      box: (row, fill, stroke, dash) => {
        const group = add(svg, "g"), isFilled = fill !== "none"
        const place = { x: X(row.x - 0.38), y: Y(row.y + 0.29), width: 0.76 * column, height: 0.58 * lane, rx: 4 }
        const looks = { fill, stroke, "stroke-width": row.forced ? 3 : 2, "stroke-dasharray": dash ?? "none" }
        add(group, "rect", { ...place, ...looks, "fill-opacity": row.now ? 1 : 0.25, "stroke-opacity": row.now ? 1 : 0.4 })
        const size = Math.max(10, Math.min(22 * rem, (0.74 * column) / row.ems / (row.y === 1 ? 1.3 : 1)))
        const word = { x: X(row.x), y: Y(row.y), "font-size": size, opacity: row.now ? 1 : 0.75 }
        add(group, "text", { ...word, class: isFilled && row.now ? "token on-colour" : "token" }, row.token)
        if (row.forced) {
          add(group, "title", {}, texts.forced)
          const pencil = { x: X(row.x) + 0.33 * column, y: Y(row.y) - 17 * rem, "font-size": 15 * rem }
          add(group, "text", { ...pencil, class: row.now ? "" : "past" }, "✎")
        }
      },
    }
    const draws = {
      state: row => draw.arrow(row, "var(--context)"),
      in: row => draw.arrow(row, "var(--padding)"),
      feed: row => draw.arrow(row, "var(--target)"),
      input: row => draw.box(row, row.empty ? "none" : "var(--target)", row.empty ? "var(--padding)" : "var(--target)"),
      output: row => draw.box(row, "var(--target)", row.forced ? "currentColor" : "var(--target)"),
      next: row => draw.box(row, "none", "var(--target)", "4 3"),
      cell: row => {
        draw.box(row, "none", "var(--target)")
        const number = { x: X(row.x), y: Y(2.45), "font-size": 12 * rem, class: row.now ? "" : "past" }
        add(svg, "text", number, row.step)
      },
      context: row => {
        draw.box(row, "var(--context)", "none")
        add(svg, "text", { x: X(row.x), y: Y(row.y) + 26 * rem, "font-size": Math.min(12 * rem, labelSize) }, texts.context)
      },
      earlier: row => add(svg, "text", { x: X(row.x), y: Y(row.y), "font-size": labelSize }, "⋯"),
    }
    const now = this.n + 1, { so_far, loops, steps } = this.data
    this.drawAttention(width, lines * LINE * rem, X(this.n - steps[this.n].first), Y(1.48))
    for (const row of so_far) if (row.step <= now) draw.so_far({ ...row, now: row.step === now })
    for (const row of loops[steps[this.n].first]) {
      const isNow = row.step === now || row.step === 0
      if (isNow || (row.step < now && !row.passing)) draws[row.kind]({ ...row, now: isNow })
    }
  }

  /** Pixels of the source tokens, with a title above them and a bar over each. */
  get attentionHeight() {
    const { attention } = this.data
    return attention ? (LINE + attention.lines * SEEN) * this.rem : 0
  }

  /** The source tokens, from some height on; from each a line, as thick as its weight, to where h̃ is made of them. */
  drawAttention(width, top, x, y) {
    const svg = this.find("svg"), { attention } = this.data, { rem } = this
    if (!attention) return
    const titled = { x: 0, y: top + (LINE / 2) * rem, class: "label", "font-size": 13 * rem }
    const title = add(svg, "text", titled, attention.texts.title), long = title.getComputedTextLength()
    if (long > width) title.setAttribute("font-size", (13 * rem * width) / long)
    const widest = Math.max(...attention.places.map(row => row.x + row.width))
    const unit = Math.min(32 * rem, (width - 10) / widest), size = Math.min(17 * rem, unit / 0.6)
    const place = row => {
      const bottom = top + (LINE + (row.y + 1) * SEEN - 4) * rem
      return { left: row.x * unit + 5, wide: row.width * unit, bottom, bar: bottom - LINE * rem }
    }
    const weights = attention.weights[this.n] ?? []
    attention.places.forEach((row, k) => {
      const { left, wide, bottom } = place(row), thick = WIDEST * rem * weights[k]
      add(svg, "line", { x1: left + wide / 2, y1: bottom, x2: x, y2: y, class: "weight", "stroke-width": thick })
    })
    attention.places.forEach((row, k) => {
      const { left, wide, bottom, bar } = place(row), high = WEIGHT * rem * weights[k]
      add(svg, "rect", { x: left + 1, y: bar - high, width: wide - 2, height: high, class: "weight" })
      add(svg, "line", { x1: left + 1, y1: bar, x2: left + wide - 1, y2: bar, class: "weight", "stroke-width": 1 })
      const hollow = { x: left + 2, y: bar + 4, width: wide - 4, height: bottom - bar - 6, class: "padding" }
      if (row.token) add(svg, "text", { x: left + wide / 2, y: (bar + bottom) / 2, "font-size": size, class: "token" }, row.token)
      else add(svg, "rect", hollow)
      const number = { x: left + wide / 2, y: bar - high - 8 * rem, "font-size": 11 * rem }
      if (wide > 26 * rem) add(svg, "text", number, written(weights[k], 2))
      const above = { x: left, y: bar - WEIGHT * rem, width: wide, height: bottom - bar + WEIGHT * rem, opacity: 0 }
      const box = add(svg, "rect", above)
      box.onpointermove = event => this.hint(event, box, [`${k + 1} ${attention.tokens[k]}`, `α  ${written(weights[k], 3)}`])
      box.onpointerleave = () => (this.find(".hint").hidden = true)
    })
    if (attention.lines) add(svg, "circle", { cx: x, cy: y, r: 4 * rem, class: "weight" })
  }

  /** h and c before and after the step: (hidden,) each. */
  get states() {
    const { h, c } = this.data
    return [h[this.n], h[this.n + 1], c[this.n], c[this.n + 1]]
  }

  drawStates() {
    const parent = this.find(".states"), names = this.data.texts.states
    if (parent.children.length === 0) {
      for (const name of names) {
        const label = add(parent, "span"), canvas = add(parent, "canvas", { role: "img" })
        if (name === names[2]) label.className = canvas.className = "c" // a gap between h and c
        canvas.onpointermove = event => this.tell(event, canvas)
        canvas.onpointerleave = () => (this.find(".hint").hidden = true)
      }
    }
    this.states.forEach((values, k) => {
      parent.children[2 * k].textContent = names[k]
      const canvas = parent.children[2 * k + 1]
      canvas.setAttribute("aria-label", `${names[k]}. ${this.data.texts.states_alt}`)
      this.drawUnits(canvas, values, k < 2 ? 1 : this.data.scale)
    })
  }

  /** A box for each unit, with its number where there is room. */
  drawUnits(canvas, values, end) {
    const { clientWidth, clientHeight } = canvas, dense = window.devicePixelRatio || 1
    canvas.width = clientWidth * dense
    canvas.height = clientHeight * dense
    const pen = canvas.getContext("2d"), wide = clientWidth / values.length, gap = values.length > 64 ? 0 : 1
    pen.scale(dense, dense)
    pen.font = `${11 * this.rem}px sans-serif`
    pen.textAlign = "center"
    pen.textBaseline = "middle"
    values.forEach((value, unit) => {
      pen.fillStyle = shade(value / end, this.data.shades)
      pen.fillRect(unit * wide, 0, wide - gap, clientHeight)
      if (wide < 32 * this.rem) return
      pen.fillStyle = value < this.data.dark_violet * end ? "white" : "black"
      pen.fillText(written(value, 2), (unit + 0.5) * wide, clientHeight / 2)
    })
  }

  /** Tells the numbers of the unit under the pointer. */
  tell(event, canvas) {
    const { texts, h } = this.data, unit = Math.floor((event.offsetX / canvas.clientWidth) * h[0].length)
    if (!(unit in h[0])) return
    const lines = this.states.map((values, k) => `${texts.states[k]}  ${values[unit] ?? NO_NUMBER}`)
    this.hint(event, canvas, [`${texts.unit} ${unit}`, ...lines])
  }

  /** Shows some lines above what the pointer is on. */
  hint(event, element, lines) {
    const hint = this.find(".hint"), box = this.find(".loop").getBoundingClientRect()
    hint.textContent = lines.join("\n")
    hint.hidden = false
    hint.style.left = `${Math.min(event.clientX - box.left, box.width - hint.offsetWidth)}px`
    hint.style.bottom = `${box.bottom - element.getBoundingClientRect().top + 4}px`
  }

  drawBars() {
    const { texts, steps } = this.data, bars = this.find(".bars")
    const focused = [...bars.children].indexOf(bars.getRootNode().activeElement)
    bars.replaceChildren()
    add(bars, "h4", {}, texts.probability)
    for (const row of steps[this.n].bars) {
      const isOthers = row.token_id < 0, isButton = this.data.can_pick && !isOthers
      const name = isOthers ? texts.others.replace("#", row.others) : row.token
      const bar = add(bars, isButton ? "button" : "div", { class: `bar${row.picked ? " picked" : ""}${isOthers ? " others" : ""}` })
      const sign = row.forced ? " ✎" : row.picked ? " ◀" : ""
      add(bar, "span", { class: "token", title: name }, name)
      add(bar, "span", { class: "share", style: `width: ${100 * row.p}%` })
      add(bar, "span", { class: "percent", title: written(row.p, 6) }, `${written(row.p && 100 * row.p, 1)}%${sign}`)
      if (isButton) bar.onclick = () => this.pick(row.token_id)
    }
    bars.children[focused]?.focus()
  }

  /** All that the pictures show as numbers. */
  drawTables() {
    if (!this.tables.open) return
    const { texts, tokens, steps, h, attention, probabilities } = this.data, parent = this.find(".tables")
    parent.replaceChildren()
    const units = h[0].map((_, unit) => [unit, ...this.states.map(values => values[unit])])
    addTable(parent, [texts.unit, ...texts.states], units)
    if (attention?.tokens.length) {
      const weights = attention.tokens.map((token, k) => [k + 1, token, written(attention.weights[this.n][k], 3)])
      addTable(parent, ["", attention.texts.source, attention.texts.weight], weights)
    }
    if (!probabilities) return // they are on their way
    const { token_id } = steps[this.n], p = probabilities[this.n]
    const order = [...p.keys()].sort((a, b) => p[b] - p[a])
    const rows = order.map(id => [id, tokens[id], written(p[id], 6), id === token_id ? "✓" : ""])
    addTable(parent, ["id", texts.token, texts.probability, texts.output], rows)
  }
}

/** Adds an element; its words are put in as text, never as markup, for students typed them. */
function add(parent, name, attributes = {}, words) {
  const isDrawn = parent.namespaceURI.endsWith("svg")
  const element = isDrawn ? document.createElementNS(parent.namespaceURI, name) : document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  if (words !== undefined) element.textContent = words
  parent.append(element)
  return element
}

/** Returns a number with so many decimal places. */
function written(value, places) {
  return value?.toFixed(places) ?? NO_NUMBER
}

function addTable(parent, titles, rows) {
  const table = add(add(parent, "div"), "table")
  const head = add(add(table, "thead"), "tr"), body = add(table, "tbody")
  for (const title of titles) add(head, "th", { scope: "col" }, title)
  for (const row of rows) {
    const line = add(body, "tr")
    for (const value of row) add(line, "td", {}, value ?? NO_NUMBER)
  }
}

/** The colour of a value from -1 to 1, between those of -1, 0 and 1. */
function shade(value, [negative, zero, positive]) {
  const [from, to] = [zero, value < 0 ? negative : positive].map(colour => parseInt(colour.slice(1), 16)) // #RRGGBB
  const share = Math.min(1, Math.abs(value))
  const mixed = [16, 8, 0].map(bits => {
    const [a, b] = [from, to].map(colour => (colour >> bits) & 255)
    return Math.round(a + share * (b - a))
  })
  return `rgb(${mixed})`
}

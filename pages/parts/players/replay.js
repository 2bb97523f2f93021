// The replay of a training: goes through its epochs, with the loss and the translations of each, all in the browser.
//
// replay.py sends the losses and translations that there are so far, as tables of what is to be seen. The server is told
// of two things: the epoch that the page Translate is to use, and the sentence whose alignment is to be drawn.

const SECONDS = 12 // that all epochs take at the usual speed
const TICK = 100 // milliseconds between two pictures while it plays
const QUIET = 10_000 // milliseconds between two things that screen readers are told while it trains
const EDGE = 8, HEIGHT = 56 // pixels beside the way of the slider's handle, and of the curve above it
const SAMPLES = [["same", "a", "a", ""], ["other", "a", "b", "≠"], ["extra", "a", "", "+"], ["lacking", "", "b", "−"]]
const KINDS = Object.fromEntries(SAMPLES.map(([kind, , , mark]) => [mark, kind]))

const players = new WeakMap() // an element of the page → what is shown in it

export default function ({ data, parentElement, setTriggerValue }) {
  if (!players.has(parentElement)) players.set(parentElement, new Player(parentElement.querySelector(".replay")))
  const player = players.get(parentElement)
  player.use = epoch => setTriggerValue("use", epoch)
  player.align = row => setTriggerValue("align", { row }) // each time, even if it is the same row of other sentences
  player.show(data)
  return () => {
    player.leave()
    players.delete(parentElement) // it may come back into the same element
  }
}

class Player {
  constructor(root) {
    this.find = selector => root.querySelector(selector)
    this.find("[data-does=play]").onclick = () => (this.timer ? this.stop() : this.play())
    this.find("[data-does=use]").onclick = () => this.use(this.checkpoint)
    this.chosen = this.find(".alignment select")
    this.chosen.onchange = () => this.chooses()
    this.find("details").ontoggle = () => this.fillTable()
    this.scrub = this.find(".scrub")
    this.scrub.oninput = () => this.go(Number(this.scrub.value))
    this.resized = new ResizeObserver(() => this.draw())
    this.resized.observe(this.find(".track"))
    this.find("[role=status]").textContent = ""
  }

  leave() {
    clearInterval(this.timer)
    clearTimeout(this.telling)
    this.resized.disconnect()
  }

  /** Takes what there is of a training. Who is at its end stays there while it grows; another one begins anew. */
  show(data) {
    const isNew = data.version !== this.data?.version, isAtEnd = isNew || this.epoch >= this.last
    this.data = data
    this.last = data.epochs.at(-1) ?? data.checkpoints.at(-1)
    if (isNew) clearInterval(this.timer), (this.timer = undefined)
    if (isNew && !data.is_active) this.epoch = data.used
    else if (isAtEnd && !this.timer) this.epoch = this.last
    this.drawn = undefined
    this.label()
    this.announce(isNew)
    this.draw()
  }

  /** Asks for a sentence. Where nobody answers, it is there already. */
  chooses() {
    this.align(this.chosen.value === "" ? null : Number(this.chosen.value))
    this.drawAlignment()
  }

  /** Writes what stays the same from epoch to epoch. */
  label() {
    const { texts } = this.data, legend = this.find(".legend")
    this.find(".speed span").textContent = texts.speed
    this.find(".using").hidden = !this.data.can_use
    this.find("[data-does=use]").textContent = texts.use
    this.find(".used").textContent = texts.used
    this.find("svg").setAttribute("aria-label", texts.loss_alt)
    this.scrub.setAttribute("aria-label", texts.scrub)
    this.labelAlignment()
    legend.replaceChildren()
    add(legend, "span", {}, texts.rows)
    for (const [kind, ...sample] of SAMPLES) {
      const item = add(legend, "span", { class: "item" })
      this.drawColumn(item, sample)
      item.append(texts[kind])
    }
  }

  /** Offers the sentences; one of which there is something to be drawn is chosen. */
  labelAlignment() {
    const { attention, sources } = this.data
    this.find(".alignment").hidden = !attention?.rows.length
    if (!attention) return
    const { rows, drawn, texts } = attention
    this.find(".alignment span").textContent = this.data.texts.alignment
    this.find(".how").textContent = texts.how
    this.find("summary").textContent = texts.numbers
    for (const part of [".alignment svg", ".numbers"]) this.find(part).setAttribute("aria-label", texts.alt)
    const options = rows.map(row => new Option(`${row + 1}  ${sources[row]}`, row))
    options.unshift(new Option(texts.choose, ""))
    const [now, before] = [options, [...this.chosen.options]].map(all => all.map(option => option.text).join("\n"))
    if (now !== before) this.chosen.replaceChildren(...options) // or nobody could choose while it trains
    this.chosen.value = Object.keys(drawn)[0] ?? ""
  }

  /** Tells screen readers how far it is: now and then, and at once when it has begun or ended. */
  announce(isNew) {
    const { announcement, is_active } = this.data, now = performance.now()
    if (!isNew && is_active && this.wasActive && now - this.toldAt < QUIET) return
    this.toldAt = now
    this.wasActive = is_active
    clearTimeout(this.telling) // what stands there from the beginning is read by none
    this.telling = setTimeout(() => (this.find("[role=status]").textContent = announcement), TICK)
  }

  // --- Going from epoch to epoch -------------------------------------------------------------------------------------

  /** Who goes by hand does not want it to play on. */
  go(epoch) {
    this.epoch = epoch
    this.stop()
  }

  /** Plays; at the end it begins anew. */
  play() {
    let at = this.epoch >= this.last ? this.data.epochs[0] : this.epoch, before = performance.now()
    this.epoch = at
    this.timer = setInterval(() => {
      const now = performance.now(), perSecond = (this.last / SECONDS) * this.find("select").value
      at += ((now - before) / 1000) * perSecond
      before = now
      this.epoch = Math.min(Math.floor(at), this.last)
      if (this.epoch === this.last) this.stop()
      else this.draw()
    }, TICK)
    this.draw()
  }

  stop() {
    clearInterval(this.timer)
    this.timer = undefined
    this.draw()
  }

  // --- Drawing -------------------------------------------------------------------------------------------------------

  draw() {
    if (!this.data) return
    const { epochs, losses, checkpoints, outputs, lines, texts, used, is_active } = this.data
    const n = Math.max(0, checkpoints.findLastIndex(epoch => epoch <= this.epoch))
    const loss = losses[epochs.findLastIndex(epoch => epoch <= this.epoch)], sentences = outputs[n].length
    const right = outputs[n].filter(line => lines[line].output === lines[line].target).length
    this.checkpoint = checkpoints[n]
    this.find("h3").textContent = filled(texts.title, { epoch: this.checkpoint })
    const told = filled(loss === undefined ? texts.without_loss : texts.now, { epoch: this.epoch, loss: loss?.toFixed(4), right, sentences })
    const nearest = this.checkpoint === this.epoch ? "" : filled(texts.nearest, { epoch: this.epoch, kept: this.checkpoint })
    this.find(".now").textContent = `${told} ${nearest}`
    this.find("[data-does=play] i").textContent = this.timer ? "pause" : "play_arrow"
    this.find("[data-does=play] span").textContent = this.timer ? texts.pause : texts.play
    this.find("[data-does=play]").disabled = this.scrub.disabled = epochs.length < 2
    this.find("[data-does=use]").disabled = is_active || this.checkpoint === used
    this.scrub.min = epochs[0] ?? this.last
    this.scrub.max = this.last
    this.scrub.value = this.epoch
    this.scrub.setAttribute("aria-valuetext", told)
    this.drawLoss()
    if (this.drawn !== n) this.drawSentences(outputs[n])
    this.drawn = n
    this.drawAlignment()
  }

  /** The curve stands above the slider, so that the handle is at its epoch. */
  drawLoss() {
    const svg = this.find("svg"), { epochs, losses } = this.data, width = this.find(".track").clientWidth
    const [first, most] = [epochs[0], Math.max(...losses)]
    const X = epoch => EDGE + ((epoch - first) / Math.max(1, this.last - first)) * (width - 2 * EDGE)
    const Y = loss => HEIGHT - 4 - (loss / most) * (HEIGHT - 8)
    svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`)
    svg.replaceChildren()
    if (losses.length === 0) return
    const line = epochs.map((epoch, n) => `${X(epoch).toFixed(1)},${Y(losses[n]).toFixed(1)}`)
    add(svg, "polyline", { points: line.join(" "), fill: "none", stroke: "var(--wrong)", "stroke-width": 2.5 })
    const x = X(this.epoch), loss = losses[epochs.findLastIndex(epoch => epoch <= this.epoch)]
    add(svg, "line", { x1: x, x2: x, y1: 0, y2: HEIGHT, stroke: "currentColor", "stroke-dasharray": "3 3" })
    if (loss === undefined) return // of what was before the first epoch there is none
    add(svg, "circle", { cx: x, cy: Y(loss), r: 5, fill: "var(--wrong)", stroke: "currentColor", "stroke-width": 1.5 })
  }

  /** Every sentence has the same room in every epoch, so that nothing moves while it plays or trains. */
  drawSentences(outputs) {
    const { lines, sources, texts, places, direction } = this.data, list = this.find("ol")
    list.replaceChildren()
    outputs.forEach((n, row) => {
      const { output, target, columns, more } = lines[n], isRight = output === target
      const item = add(list, "li"), head = add(item, "div", { class: "head" })
      add(head, "bdi", { class: "source", title: sources[row] }, `${row + 1}  ${sources[row]}`)
      const plain = add(head, "span", { class: "plain", title: output })
      add(plain, "b", {}, isRight ? "✓ " : "✗ ")
      add(plain, "bdi", { class: "output" }, output || "–")
      if (more) add(plain, "span", { class: "more" }, filled(texts.more, { count: more }))
      if (!isRight) add(head, "span", { class: "hidden" }, filled(texts.should, { right: isolated(target) }))
      const boxes = add(item, "div", { class: "columns", dir: direction, "aria-hidden": "true" })
      for (const column of columns) this.drawColumn(boxes, column)
      for (let k = columns.length; k < places; k++) this.drawColumn(boxes, ["", "", ""], "filler")
    })
  }

  /** The alignment of the chosen sentence. Where it is the same, and has the same room, it is not laid out anew. */
  drawAlignment() {
    const alignment = this.data.attention?.drawn[this.chosen.value], width = this.find(".alignment").clientWidth
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16, room = `${width} ${rem}`
    this.find(".map").hidden = !alignment
    if (this.grid?.alignment !== alignment || this.grid?.room !== room)
      this.grid = alignment && { alignment, room, ...this.layOut(alignment, width, rem) }
    if (!alignment || this.grid.checkpoint === this.checkpoint) return
    this.grid.checkpoint = this.checkpoint
    this.fillIn(alignment)
  }

  /** Lays out the map: its steps below each other, as many as any epoch has, and the source tokens side by side. */
  layOut({ source, epochs }, width, rem) {
    const svg = this.find(".alignment svg"), { texts, colours } = this.data.attention, size = 15 * rem, high = 24 * rem
    const outputs = Object.values(epochs).map(({ output }) => output)
    svg.replaceChildren()
    const title = { class: "title", "font-size": 13 * rem }, middle = { "text-anchor": "middle" }
    const left = add(svg, "text", { ...title, x: 0, y: 1.5 * high }, texts.output).getComputedTextLength() + 8
    const beside = Math.max(left, Math.min(width / 4, 10 + size * Math.max(1, ...outputs.flat().map(({ ems }) => ems))))
    add(svg, "text", { ...title, x: beside, y: 0.5 * high }, texts.source)
    const wanted = Math.max(26 * rem, 6 + size * Math.max(...source.map(({ ems }) => ems)))
    const wide = Math.min(wanted, (width - beside) / source.length)
    // Where tokens would stand over each other there are their numbers, and of those only some.
    const every = source.every(({ ems }) => wide / ems >= 9 * rem) ? 1 : Math.ceil((14 * rem) / wide)
    source.forEach(({ token, ems }, k) => {
      if (k % every) return
      const fits = every === 1 && wide / ems >= 9 * rem, letter = fits ? Math.min(size, (0.96 * wide) / ems) : 9 * rem
      const label = { x: beside + (k + 0.5) * wide, y: 1.5 * high, "font-size": letter, ...middle }
      add(svg, "text", label, fits ? token : k + 1)
    })
    const rows = Array.from({ length: Math.max(0, ...outputs.map(({ length }) => length)) }, (_, n) => {
      const row = add(svg, "g"), y = (n + 2) * high, place = { y, height: high - 1 }
      const label = add(row, "text", { x: beside - 8, y: y + high / 2, "text-anchor": "end" })
      add(row, "rect", { ...place, x: beside, width: wide * source.length - 1, fill: colours.ground })
      const boxes = source.map((_, k) => {
        const box = add(row, "rect", { ...place, x: beside + k * wide, width: wide - 1, fill: colours.ink })
        return { box, title: add(box, "title") }
      })
      return { row, label, boxes }
    })
    svg.setAttribute("viewBox", `0 0 ${width} ${(rows.length + 2) * high}`)
    svg.style.height = `${(rows.length + 2) * high}px`
    return { rows, letter: ems => Math.min(size, (beside - 8) / ems) }
  }

  /** Sets the output and the weights of an epoch into the map. */
  fillIn({ source, epochs }) {
    const { rows, letter } = this.grid, now = epochs[this.checkpoint]
    rows.forEach(({ row, label, boxes }, n) => {
      const { token, ems } = now?.output[n] ?? {}
      row.style.display = token === undefined ? "none" : ""
      if (token === undefined) return // other epochs have more steps
      label.textContent = token
      label.setAttribute("font-size", letter(ems))
      boxes.forEach(({ box, title }, k) => {
        const weight = now.weights[n][k] / 100
        box.setAttribute("fill-opacity", weight)
        title.textContent = `${n + 1} ${token} ← ${k + 1} ${source[k].token}: α ${weight.toFixed(2)}`
      })
    })
    this.fillTable()
  }

  /** The numbers of the map, where somebody has opened them. */
  fillTable() {
    const { alignment } = this.grid ?? {}, now = alignment?.epochs[this.checkpoint], parent = this.find(".numbers")
    parent.replaceChildren()
    if (!now || !this.find("details").open) return
    const table = add(parent, "table"), head = add(add(table, "thead"), "tr"), body = add(table, "tbody")
    add(head, "td")
    alignment.source.forEach(({ token }, k) => add(head, "th", { scope: "col" }, `${k + 1} ${token}`))
    now.output.forEach(({ token }, n) => {
      const row = add(body, "tr")
      add(row, "th", { scope: "row" }, `${n + 1} ${token}`)
      for (const weight of now.weights[n]) add(row, "td", {}, (weight / 100).toFixed(2))
    })
  }

  drawColumn(parent, [output, right, mark], kind = KINDS[mark]) {
    const tip = this.data.texts[`tip_${kind}`] ?? ""
    const column = add(parent, "span", { class: `column ${kind}`, title: filled(tip, { output: isolated(output), right: isolated(right) }) })
    add(column, "span", { class: output ? "box" : "box none" }, output)
    add(column, "span", { class: "mark" }, mark)
    add(column, "span", { class: right ? "box" : "box none" }, right)
  }
}

/** Returns words that keep their own direction within a text. */
function isolated(words) {
  return `\u2068${words}\u2069`
}

/** Fills in the braces of a text. */
function filled(text, values) {
  return text.replace(/{(\w+)}/g, (_, name) => values[name])
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

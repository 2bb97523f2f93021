// Tells screen readers how the training is, and what the tour wants next, each in one place that stays where it is when
// the page changes: a line now and then, and at once where it is another matter.

const QUIET = 10_000 // milliseconds between two lines about the same

const subjects = {} // what is told of → its place, what came before, and when something was told

export default function ({ data }) {
  const subject = (subjects[data.about] ??= { place: document.createElement("p"), toldAt: 0 })
  const { place, before } = subject
  place.role = "status"
  if (!place.isConnected) document.body.append(place)
  // Of a training it is no news what a page shows when it is opened, or tells by itself.
  const isNews = before ? before.line !== data.line && !data.is_told_elsewhere : data.about === "tour"
  const isAtOnce = before?.status !== data.status, isLater = Date.now() - subject.toldAt >= QUIET
  subject.before = data
  if (!isNews || !(isAtOnce || isLater)) return
  subject.toldAt = Date.now()
  const tell = () => (place.textContent = data.line)
  before ? tell() : setTimeout(tell) // what stands in a place from the beginning is read by none
}

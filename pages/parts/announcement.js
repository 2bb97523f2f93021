// Tells screen readers how the training is, in one place that stays where it is when the page changes: an epoch now and
// then, and at once when it begins, pauses or ends.

const QUIET = 10_000 // milliseconds between two epochs that are told

const place = document.createElement("p")
place.role = "status"
let before, toldAt = 0 // what came before, and when something was told

export default function ({ data }) {
  if (!place.isConnected) document.body.append(place)
  const isAtOnce = before?.status !== data.status, isLater = Date.now() - toldAt >= QUIET
  // What a page shows when it is opened, or tells by itself, is no news.
  if (before && before.line !== data.line && !data.is_told_elsewhere && (isAtOnce || isLater)) {
    place.textContent = data.line
    toldAt = Date.now()
  }
  before = data
}

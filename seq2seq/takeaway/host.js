// Stands for Streamlit in a page without a server: gives the component that is above in this script its data.

const choice = document.getElementById(`${NAME}-choice`)
const shows = JSON.parse(document.getElementById(`${NAME}-data`).textContent)
const root = document.getElementById(NAME).shadowRoot

function show() {
  const nobody = () => {} // is told what was done
  component({ data: shows[choice?.value ?? 0], parentElement: root, setTriggerValue: nobody, setStateValue: nobody })
}

choice?.addEventListener("change", show)
show()

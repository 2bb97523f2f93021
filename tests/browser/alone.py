"""A component's own JavaScript in a real browser, without the app around it."""

import base64
import re
from pathlib import Path

from pages.parts import theme

# Streamlit puts a component into a shadow root as well.
PREPARE = """async ([js, html, css, style]) => {
    document.head.innerHTML = style
    const root = document.body.attachShadow({mode: "open"})
    root.innerHTML = `<style>${css}</style>${html}`
    const {default: component} = await import(js)
    window.told = []
    window.mount = data => window.unmount = component({
        data,
        parentElement: root,
        setTriggerValue: (name, value) => told.push([name, value]),
        setStateValue: (name, value) => told.push([name, value]),
    })
}"""


def component_alone(chromium, module, address="about:blank"):
    """Opens a page in which `mount(data)` draws the component whose files lie beside a module.

    At an address of http it has what a page without one has not, such as a storage.
    """
    js, html, css = (Path(module.__file__).with_suffix(f".{kind}").read_text("utf-8") for kind in ("js", "html", "css"))
    page = chromium.new_page()
    page.route(re.compile("^http:"), lambda route: route.fulfill(content_type="text/html", body=""))
    page.goto(address)
    script = "data:text/javascript;base64," + base64.b64encode(js.encode()).decode()
    page.evaluate(PREPARE, [script, html, css, theme.style_sheet(theme.Theme())])
    return page

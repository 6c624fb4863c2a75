/* Keeps the radio's line LABEL from being chosen while #unusable says why: Gradio has no way to disable one line, and
   draws its lines anew as it likes. A line that is chosen already stays so until another is. */
() => {
  const sidebar = document.querySelector("#sidebar");
  const apply = () => {
    const reason = sidebar.querySelector("#unusable");
    for (const line of sidebar.querySelectorAll("#backend input[type=radio]")) {
      const isUnusable = line.value === LABEL && Boolean(reason?.textContent.trim()) && !line.checked;
      if (isUnusable && !line.disabled) {
        line.disabled = true;
        line.setAttribute("aria-describedby", "unusable");
      } else if (!isUnusable && line.hasAttribute("aria-describedby")) {
        line.disabled = false;
        line.removeAttribute("aria-describedby");
      }
    }
  };
  new MutationObserver(apply).observe(sidebar, {
    attributes: true,
    attributeFilter: ["disabled"],
    childList: true,
    characterData: true,
    subtree: true,
  });
  sidebar.addEventListener("change", () => requestAnimationFrame(apply));
  apply();
}

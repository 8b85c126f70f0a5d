// What is wrong with a page, looked for within it: each of these runs in the browser, and answers with sentences.

/** Whether the page is wider than its window, or text is cut off. */
export function overflow() {
  const said = [];
  const { scrollWidth } = document.documentElement;
  if (scrollWidth > innerWidth) said.push(`${scrollWidth} wide in a window of ${innerWidth}`);
  for (const element of document.querySelectorAll('p, pre, td, th, dd, h1, h2, h3')) {
    const { left, right } = element.getBoundingClientRect();
    if (element.closest('.hidden') === null && (left < 0 || right > innerWidth + 1)) said.push(`outside: ${element.outerHTML.slice(0, 80)}`);
  }
  return said;
}

/** Whether headings go down one by one, there is one page's name, and what is referred to is there. */
export function headings() {
  const said = [];
  const levels = [...document.querySelectorAll('h1, h2, h3')].map((heading) => Number(heading.tagName[1]));
  if (levels.filter((level) => level === 1).length !== 1) said.push(`headings: ${levels}`);
  levels.forEach((level, at) => at > 0 && level > levels[at - 1] + 1 && said.push(`a heading is left out: ${levels}`));
  if (document.title === '' || document.documentElement.lang === '') said.push('no title, or no language');
  const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
  if (new Set(ids).size !== ids.length) said.push('two elements have one id');
  const named = [...document.querySelectorAll('[aria-labelledby]')].map((element) => element.getAttribute('aria-labelledby'));
  const linked = [...document.querySelectorAll('a')].map((link) => link.getAttribute('href').slice(1));
  for (const id of [...named, ...linked]) if (!ids.includes(id)) said.push(`there is no #${id}`);
  return said;
}

/** Text that is too faint for its ground: less than 4.5 to 1, or 3 to 1 where it is large (WCAG 2.2, 1.4.3). */
export function contrasts() {
  const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
  const luminance = (colour) => {
    const [red, green, blue] = channels(colour).map((channel) => {
      const part = channel / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ground = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if ((channels(colour)[3] ?? 1) === 1) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const said = new Set();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (texts.currentNode.data.trim() === '' || element.closest('.hidden') !== null) continue;
    const style = getComputedStyle(element);
    const ink = element.closest('svg') === null ? style.color : style.fill;
    const [light, dark] = [luminance(ink), luminance(ground(element))].sort((one, other) => other - one);
    const ratio = (light + 0.05) / (dark + 0.05);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) said.add(`${ratio.toFixed(2)} to 1: ${ink} on ${ground(element)}, .${element.className} "${texts.currentNode.data.trim().slice(0, 30)}"`);
  }
  return [...said].slice(0, 10);
}

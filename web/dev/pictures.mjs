// Drawn figures for the stand-in: a person, a garment, and the person in the garment. Plain shapes, made here.

const SKINS = ['#8d5a3b', '#c68a62', '#e2b48f', '#5f3b28', '#d9a074'];
const HAIR = ['#1e1a1c', '#3a2a22', '#6b4a2f', '#8a8079'];
const WALLS = ['#dfe4ec', '#e9e2d8', '#d8e2dd', '#e4dce6', '#cfd6e4'];
const CLOTHS = ['#2f4a8f', '#b3364a', '#2f7a5d', '#c98a2b', '#5b4a86', '#33363f', '#d6cfc0', '#3f7f93'];
const TROUSERS = ['#2a3352', '#3b3a3c', '#6a5b4a', '#39465f'];

function pick(list, seed, salt) {
  return list[Math.abs((seed * 2654435761 + salt * 40503) >>> 7) % list.length];
}

function pattern(seed, color) {
  const kind = Math.abs(seed * 7 + 3) % 4;
  const light = '#ffffff55';
  const shapes = [
    '',
    `<rect width="14" height="5" fill="${light}"/>`,
    `<rect width="14" height="3" fill="${light}"/><rect width="3" height="14" fill="${light}"/>`,
    `<circle cx="4" cy="4" r="1.8" fill="${light}"/><circle cx="11" cy="11" r="1.8" fill="${light}"/>`,
  ][kind];
  return `<pattern id="cloth" width="14" height="14" patternUnits="userSpaceOnUse">
    <rect width="14" height="14" fill="${color}"/>${shapes}</pattern>`;
}

const TOP = 'M112 158 q-26 6 -36 26 l-18 60 28 10 14 -40 -2 92 h104 l-2 -92 14 40 28 -10 -18 -60 q-10 -20 -36 -26 l-18 -4 q-20 18 -40 0 z';

function svg(body, defs = '') {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 400" width="600" height="800"><defs>
    <linearGradient id="wall" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#ffffff" stop-opacity=".55"/>
    <stop offset="1" stop-color="#000000" stop-opacity=".08"/></linearGradient>${defs}</defs>${body}</svg>`;
}

function figure(seed, top) {
  const skin = pick(SKINS, seed, 1);
  const hair = pick(HAIR, seed, 2);
  const long = seed % 3 === 0;
  return `<rect width="300" height="400" fill="${pick(WALLS, seed, 3)}"/><rect width="300" height="400" fill="url(#wall)"/>
    <path d="M0 352h300v48H0z" fill="#00000012"/><ellipse cx="150" cy="388" rx="84" ry="9" fill="#00000022"/>
    ${long ? `<path d="M116 84q-8 62 4 84h60q12-22 4-84z" fill="${hair}"/>` : ''}
    <path d="M66 240l-14 62q8 8 18 3l16-58zM234 240l14 62q-8 8-18 3l-16-58z" fill="${skin}"/>
    <path d="M98 292h104l8 108h-50l-10-74-10 74H90z" fill="${pick(TROUSERS, seed, 4)}"/>
    <path d="M136 122h28v40q-14 14-28 0z" fill="${skin}"/><path d="M136 140q14 12 28 0v8q-14 14-28 2z" fill="#0000001c"/>
    <path d="${TOP}" fill="${top}"/><path d="M98 212l4 94M202 212l-4 94" stroke="#0000002a" stroke-width="2" fill="none"/>
    <ellipse cx="150" cy="96" rx="30" ry="38" fill="${skin}"/>
    <path d="M118 96q-6-48 32-50 38 2 32 50-4-26-18-32-24 6-40-2-4 12-6 34z" fill="${hair}"/>
    <path d="M142 116q8 5 16 0" stroke="#00000055" stroke-width="2" fill="none" stroke-linecap="round"/>`;
}

export function personPicture(seed) {
  return svg(figure(seed, '#c9ccd3'));
}

export function garmentPicture(seed) {
  return svg(
    `<rect width="300" height="400" fill="#f4f5f7"/><g transform="translate(0 -30)"><path d="${TOP}" fill="url(#cloth)"/></g>`,
    pattern(seed, pick(CLOTHS, seed, 5)),
  );
}

export function resultPicture(seed) {
  return svg(figure(seed, 'url(#cloth)'), pattern(seed, pick(CLOTHS, seed, 5)));
}

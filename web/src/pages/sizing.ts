// Sizing: a photo and a height become a size. Nothing of the photo is kept, here or on the server.

import { ApiError, api } from '../api';
import { button, fill, h } from '../dom';
import { say } from '../parts/announce';
import { BodyFigure } from '../parts/body-figure';
import { emptyState, problemBox } from '../parts/feedback';
import { heading, type Page } from '../parts/page';
import { sizeAnswer } from '../parts/size-answer';

const TYPES = 'image/jpeg,image/png,image/webp';
const MIN_CM = 100;
const MAX_CM = 250;

export function sizingPage(): Page {
  const figure = new BodyFigure();
  let photo: File | null = null;
  let asking: AbortController | null = null;

  const stage = h('div', { class: 'drop' }, emptyState('No photo yet',
    h('p', null, 'Drop a photo here, or choose one: one whole person, standing, facing the camera, arms a little away from the body.'),
    button({ class: 'button' }, () => file.click(), 'Choose a photo')));
  const result = h('div', { class: 'size-result' });
  const file = h('input', { type: 'file', accept: TYPES, hidden: true, id: 'size-file', tabindex: '-1', 'aria-hidden': 'true' });
  const chosen = h('p', { class: 'hint' }, 'None chosen');
  const choose = button({ class: 'button', id: 'size-choose', 'aria-describedby': 'size-chosen' }, () => file.click(), 'Choose a photo');
  chosen.id = 'size-chosen';
  const height = h('input', { id: 'size-height', type: 'number', inputmode: 'decimal', required: true, min: MIN_CM, max: MAX_CM,
    step: 'any', autocomplete: 'off', placeholder: '172' });
  const sex = h('select', { id: 'size-sex' }, h('option', { value: '' }, 'Not told'), h('option', { value: 'female' }, 'Female'),
    h('option', { value: 'male' }, 'Male'));
  const fit = h('select', { id: 'size-fit' }, h('option', { value: 'slim' }, 'Slim'),
    h('option', { value: 'regular', selected: true }, 'Regular'), h('option', { value: 'loose' }, 'Loose'));
  const submit = h('button', { class: 'button primary', type: 'submit', disabled: true }, 'Tell the size');
  const field = (label: string, input: HTMLElement) => h('div', { class: 'field' }, h('label', { for: input.id }, label), input);
  const form = h('form', { class: 'panel', 'aria-labelledby': 'size-form-title' },
    h('h2', { id: 'size-form-title' }, 'Photo and height'),
    h('div', { class: 'field' }, choose, chosen, file),
    h('div', { class: 'field-row' }, field('Height in cm', height), field('Sex', sex), field('Fit', fit)), submit,
    h('p', { class: 'hint' }, 'The sex is never guessed: without it the sizes are those of unisex clothes. The photo is not kept.'));

  async function take(given: File | undefined): Promise<void> {
    if (!given) return;
    asking?.abort();
    photo = given;
    chosen.textContent = given.name;
    submit.disabled = false;
    fill(result);
    figure.clear();
    try {
      await figure.show(given);
      if (photo === given) fill(stage, figure.element);
    } catch {
      if (photo !== given) return;
      fill(stage, emptyState('This browser cannot show that file',
        h('p', null, 'Ask for the size all the same: the server reads JPEG, PNG and WebP, and says what is wrong otherwise.')));
    }
    if (height.value === '') height.focus();
  }

  async function ask(): Promise<void> {
    if (!photo) return;
    asking?.abort();
    const mine = new AbortController();
    asking = mine;
    const data = new FormData();
    data.append('image', photo, photo.name);
    data.append('height_cm', String(height.valueAsNumber));
    if (sex.value) data.append('sex', sex.value);
    data.append('fit', fit.value);
    submit.disabled = true;
    figure.clear();
    fill(result, h('p', { class: 'summary', role: 'status' }, 'Measuring…'));
    try {
      const answer = await api.estimateBody(data, mine.signal);
      figure.draw(answer);
      fill(result, sizeAnswer(answer, (measure) => figure.mark(measure)));
      say(`Size ${answer.recommended_size}.`);
      result.querySelector<HTMLElement>('h2')?.focus();
    } catch (cause) {
      if (mine.signal.aborted) return;
      const refused = cause instanceof ApiError && cause.status === 422;
      fill(result, problemBox(refused ? 'No size from this photo' : 'The size could not be told', cause));
    } finally {
      if (asking === mine) submit.disabled = false;
    }
  }

  file.addEventListener('change', () => {
    void take(file.files?.[0]);
    file.value = ''; // the same file again is a choice, too
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void ask();
  });
  const over = (event: DragEvent) => {
    event.preventDefault();
    stage.dataset.over = 'true';
  };
  stage.addEventListener('dragenter', over);
  stage.addEventListener('dragover', over);
  stage.addEventListener('dragleave', (event) => {
    if (!(event.relatedTarget instanceof Node && stage.contains(event.relatedTarget))) delete stage.dataset.over;
  });
  stage.addEventListener('drop', (event) => {
    event.preventDefault();
    delete stage.dataset.over;
    void take(event.dataTransfer?.files[0]);
  });

  return {
    element: h('div', { class: 'page' }, heading('Sizing', h('p', { class: 'summary' }, 'A photo and a height become a size.')),
      h('div', { class: 'beside sizing' }, stage, h('div', { class: 'sizing-side' }, form, result))),
    close: () => asking?.abort(),
  };
}

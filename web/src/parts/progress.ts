// How far a job is: a bar with its percent and, where there is room, what is being done.

import { h, setText } from '../dom';
import type { Job, Stage } from '../types';

const DOING: Record<Stage, string> = {
  inputs: 'Preparing the pictures',
  provider: 'Making the picture',
  storing: 'Storing the picture',
  waiting: 'Waiting for another try',
};

/** What a processing job is at, in words. */
export function stageWords(job: Job): string {
  if (job.status !== 'processing') return '';
  const doing = job.stage ? DOING[job.stage] ?? job.stage : 'Processing';
  return job.cancel_requested ? `${doing}; it is asked to stop` : doing;
}

export interface Progress {
  element: HTMLElement;
  set: (job: Job) => void;
}

/** Hidden but for a job that is processing. `spoken` names it for screen readers; without, it is decoration. */
export function progressBar(spoken = ''): Progress {
  const bar = h('span', { class: 'meter' }, h('span'));
  const percent = h('span', { class: 'hint number' });
  const element = h('span', { class: 'progress', hidden: true,
    ...(spoken ? { role: 'progressbar', 'aria-label': spoken, 'aria-valuemin': '0', 'aria-valuemax': '100' } : {}) }, bar, percent);
  return {
    element,
    set(job) {
      element.hidden = job.status !== 'processing';
      bar.style.setProperty('--share', String(job.progress / 100));
      setText(percent, `${job.progress} %`);
      if (!spoken) return;
      element.setAttribute('aria-valuenow', String(job.progress));
      element.setAttribute('aria-valuetext', `${job.progress} %, ${stageWords(job)}`);
    },
  };
}

// The stand-in's POST /estimate-body: invented measurements for every JPEG, a refusal for every other picture.

import { Problem } from './problem.mjs';

const POINTS = {
  nose: [0.5, 0.14], shoulder: [0.09, 0.26], elbow: [0.15, 0.4], wrist: [0.17, 0.53], index: [0.17, 0.57],
  hip: [0.05, 0.53], knee: [0.055, 0.72], ankle: [0.06, 0.9], heel: [0.055, 0.93], foot_index: [0.075, 0.95],
};

function field(body, name) {
  return new RegExp(`name="${name}"\\r\\n\\r\\n([^\\r]*)\\r\\n`).exec(body)?.[1];
}

export function estimateBody(body) {
  const height = Number(field(body, 'height_cm'));
  if (!(height >= 100 && height <= 250)) throw new Problem(400, 'json.invalid', 'height_cm: must be 100 to 250', 'Give the height in centimetres.');
  if (!body.includes('name="image"')) throw new Problem(422, 'sizing.photo_missing', 'There is no photo in the form');
  if (!body.includes('\xff\xd8\xff')) {
    throw new Problem(422, 'sizing.no_person', 'there is no person to be seen in the photo', 'stand upright two to three metres from the camera, facing it');
  }
  const [image_width, image_height] = [720, 960];
  const at = (x, y) => ({ x: Math.round(x * image_width), y: Math.round(y * image_height) });
  const landmarks = Object.entries(POINTS).flatMap(([name, [x, y]]) => (name === 'nose' ? [{ name, ...at(x, y) }] : [
    { name: `left_${name}`, ...at(0.5 + x, y) }, { name: `right_${name}`, ...at(0.5 - x, y) },
  ])).map((one) => ({ ...one, visibility: 0.98, presence: 0.99 }));
  const line = (name, x0, y0, x1, y1) => ({ name, x0: x0 * image_width, y0: y0 * image_height, x1: x1 * image_width, y1: y1 * image_height });
  const cm = (share, uncertainty_cm) => ({ cm: Math.round(height * share * 10) / 10, uncertainty_cm });
  return {
    recommended_size: 'M', confidence: 0.71, body_type: 'rectangle',
    measurements: { shoulder: cm(0.232, 0.9), chest: cm(0.565, 3.1), waist: cm(0.482, 3.6), hip: cm(0.571, 2.6), inseam: cm(0.465, 1.1), arm: cm(0.318, 1.4) },
    neighbours: { smaller: { size: 'S', probability: 0.22 }, larger: { size: 'L', probability: 0.07 } },
    sizes: [['XS', 0], ['S', 0.22], ['M', 0.71], ['L', 0.07], ['XL', 0], ['XXL', 0]].map(([size, probability]) => ({ size, probability })),
    chart: { name: `EN 13402-3 ${{ male: 'men', female: 'women' }[field(body, 'sex')] ?? 'unisex'}`, measure: 'chest' },
    fit: field(body, 'fit') ?? 'regular',
    warnings: [{ code: 'arms_close', message: 'the arms touch the torso; holding them away from the body makes the size surer' }],
    method_version: '1',
    pose: { image_width, image_height, landmarks, lines: [
      line('shoulder', 0.41, 0.26, 0.59, 0.26), line('chest', 0.4, 0.31, 0.6, 0.31), line('waist', 0.42, 0.44, 0.58, 0.44),
      line('hip', 0.4, 0.54, 0.6, 0.54), line('inseam', 0.5, 0.57, 0.5, 0.95), line('arm', 0.59, 0.26, 0.65, 0.4), line('arm', 0.65, 0.4, 0.67, 0.53)] },
  };
}

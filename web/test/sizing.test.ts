import { describe, expect, it } from 'vitest';
import { BONES, placeLabels } from '../src/parts/body-figure';
import { inWords, percent, reason } from '../src/parts/size-answer';
import { MEASURES, type MeasuringLine, type PoseDrawing, type SizeAnswer } from '../src/types';

const measurements = Object.fromEntries(MEASURES.map((name, i) => [name, { cm: 90 + i, uncertainty_cm: 2.5 }])) as SizeAnswer['measurements'];

const answer: SizeAnswer = {
  recommended_size: 'M', confidence: 0.71, body_type: 'rectangle', measurements,
  neighbours: { smaller: { size: 'S', probability: 0.07 }, larger: { size: 'L', probability: 0.22 } },
  sizes: [], chart: { name: 'EN 13402-3 men', measure: 'chest' }, fit: 'regular', warnings: [],
};

function pose(lines: MeasuringLine[]): PoseDrawing {
  return { image_width: 600, image_height: 800, landmarks: [], lines };
}

const torso: MeasuringLine[] = [
  { name: 'chest', x0: 200, y0: 300, x1: 400, y1: 300 },
  { name: 'waist', x0: 210, y0: 306, x1: 390, y1: 306 },
  { name: 'hip', x0: 400, y0: 450, x1: 200, y1: 450 },
];
const arm: MeasuringLine = { name: 'arm', x0: 420, y0: 250, x1: 440, y1: 340 };

describe('labels of measuring lines', () => {
  it('stand beside the flank without an arm that is measured, those of the limbs on the other side', () => {
    const labels = placeLabels(pose([...torso, arm]), measurements, 20);
    const of = (name: string) => labels.find((one) => one.name === name)!;
    expect(of('chest').end).toBe(true);
    expect(of('chest').x).toBeLessThan(200);
    expect(of('hip').x).toBeLessThan(200);
    expect(of('arm').end).toBe(false);
    expect(of('arm').x).toBeGreaterThan(440);
    expect(of('chest').text).toBe('chest 91');
  });

  it('never cover one another', () => {
    const heights = placeLabels(pose([...torso, arm]), measurements, 20).filter((one) => one.end).map((one) => one.y).sort((a, b) => a - b);
    for (let i = 1; i < heights.length; i += 1) expect(heights[i]! - heights[i - 1]!).toBeGreaterThan(20);
  });

  it('are one for each measure, however many lines it has, and none for what is not known', () => {
    const odd = { name: 'neck', x0: 0, y0: 0, x1: 1, y1: 1 } as unknown as MeasuringLine;
    expect(placeLabels(pose([arm, arm, odd]), measurements, 20).map((one) => one.name)).toEqual(['arm']);
    expect(placeLabels(pose([]), measurements, 20)).toEqual([]);
  });

  it('have bones of both sides beside them', () => {
    expect(BONES).toContainEqual(['left_hip', 'left_knee']);
    expect(BONES).toContainEqual(['right_shoulder', 'right_elbow']);
    expect(new Set(BONES.map((one) => one.join())).size).toBe(BONES.length);
  });
});

describe('the reason of a size', () => {
  it('names the measure that decides, its uncertainty and the more probable neighbour', () => {
    expect(reason(answer)).toBe('The chest decides in the chart EN 13402-3 men: 91.0 cm, give or take 2.5. M is the most probable (71 %), then L (22 %).');
  });

  it('says nothing of neighbours that are out of the question, and names a wish for another fit', () => {
    const alone = { ...answer, fit: 'loose', neighbours: { smaller: null, larger: { size: 'L', probability: 0.001 } } };
    expect(reason(alone)).not.toContain('then');
    expect(reason(alone)).toContain('loose fit');
  });

  it('never shows a chance as none, and says in words how sure it is', () => {
    expect([0, 0.004, 0.5, 1].map(percent)).toEqual(['0 %', '<1 %', '50 %', '100 %']);
    expect(inWords(0.9)).toBe('sure');
    expect(inWords(0.3)).toContain('guess');
  });
});

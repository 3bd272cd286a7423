/** Numbers of Python in Python's form. They come rounded: nothing is computed here. */

/** A rate of six digits as Python writes it with `%.6g`. */
export function rateText(rate: number): string {
  const [digits, exponent] = rate.toExponential().split("e");
  const isPlain = Number(exponent) >= -4 && Number(exponent) < 6;
  return isPlain ? String(rate) : `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
}

export function stepText(step: number): string {
  return step.toLocaleString("en");
}

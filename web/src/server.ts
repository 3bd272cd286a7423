/** Requests to Python. The token comes in the fragment of the address, and is sent with each. */

const KEY = "schedule-builder-token";

export class Refused extends Error {}
export class Gone extends Error {}

/** The token, taken out of the address bar; kept for reloads of this tab alone. */
function takeToken(): string {
  const given = location.hash.slice(1);
  if (given) {
    sessionStorage.setItem(KEY, given);
    history.replaceState(null, "", location.pathname);
  }
  return given || (sessionStorage.getItem(KEY) ?? "");
}

const token = takeToken();

/** Asks for something. Fails with `Refused` and the reason, or with `Gone` without a server. */
export async function ask<T>(name: string, values: object = {}): Promise<T> {
  let answer: T & { error?: string };
  try {
    const response = await fetch(`/api/${name}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
      body: JSON.stringify(values),
    });
    answer = await response.json(); // It may end in the middle of an answer.
  } catch {
    throw new Gone("The server has ended or does not answer. If you start `schedule-builder edit` again, copy the text over.");
  }
  if (answer.error !== undefined) throw new Refused(answer.error);
  return answer;
}

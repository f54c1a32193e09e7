/** Requests to the JSON API, with the CSRF token and one error type (`application/problem+json`). */
import { t } from './strings'

/** What went wrong, in a sentence for people; `field` names the input it is about. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
    readonly field: string | null,
    /** What was wrong with each of several names, by name. */
    readonly refused: Readonly<Record<string, string>> = {},
  ) {
    super(detail)
  }
}

/** Sends one request; answers the JSON of the response, or undefined where there is none. Raises `ApiError`. */
export async function request<T>(method: string, url: string, body?: unknown, more: RequestInit = {}): Promise<T> {
  let response: Response
  try {
    response = await fetch(url, {
      method,
      headers: { Accept: 'application/json', 'Content-Type': 'application/json', 'X-CSRFToken': csrfToken() },
      body: body === undefined ? null : JSON.stringify(body),
      credentials: 'same-origin',
      redirect: 'error', // a redirect to the sign-in page is no answer
      ...more, // `keepalive`: sent even when the page is left
    })
  } catch {
    throw new ApiError(0, t('error.network'), null)
  }
  if (!response.ok) throw await problemIn(response)
  return (response.status === 204 ? undefined : await response.json()) as T
}

interface Problem {
  detail: string
  title: string
  field: string
  refused: Record<string, string>
}

/** The problem in a response that is not `ok`. */
export async function problemIn(response: Response): Promise<ApiError> {
  const problem = (await response.json().catch(() => ({}))) as Partial<Problem>
  const detail = problem.detail || problem.title || t('error.unknown', { status: response.status })
  return new ApiError(response.status, detail, problem.field ?? null, problem.refused)
}

export function csrfToken(): string {
  const cookie = document.cookie.split('; ').find((part) => part.startsWith('csrftoken='))
  return cookie === undefined ? '' : decodeURIComponent(cookie.slice('csrftoken='.length))
}

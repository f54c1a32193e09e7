/** One picture on its way to the server, with its progress: `fetch` tells none of an upload. */
import { ApiError, csrfToken } from '../../api'
import { t } from '../../strings'

export interface Uploaded {
  src: string
  /** In pixels, as it is shown. */
  width: number
  height: number
}

/** Sends the file. Raises `ApiError` with the server's sentence; an `AbortError` when `signal` said so. */
export function upload(
  url: string,
  file: Blob,
  { signal, progress }: { signal: AbortSignal; progress: (share: number) => void },
): Promise<Uploaded> {
  return new Promise((resolve, reject) => {
    const form = new FormData()
    form.append('file', file, 'picture') // the name stays here: it may tell more than the picture
    const request = new XMLHttpRequest()
    const stop = () => request.abort()
    request.open('POST', url)
    request.responseType = 'json'
    request.setRequestHeader('Accept', 'application/json')
    request.setRequestHeader('X-CSRFToken', csrfToken())
    request.upload.addEventListener('progress', ({ loaded, total }) => progress(total > 0 ? loaded / total : 0))
    request.addEventListener('load', () => {
      const answer = request.response as (Partial<Uploaded> & { detail?: string; title?: string }) | null
      if (request.status === 201 && answer?.src) resolve(answer as Uploaded)
      else reject(new ApiError(request.status, answer?.detail || answer?.title || unknown(request.status), null))
    })
    request.addEventListener('error', () => reject(new ApiError(0, t('image.offline'), null)))
    request.addEventListener('abort', () => reject(new DOMException('cancelled', 'AbortError')))
    request.addEventListener('loadend', () => signal.removeEventListener('abort', stop))
    signal.addEventListener('abort', stop)
    if (signal.aborted) reject(new DOMException('cancelled', 'AbortError'))
    else request.send(form)
  })
}

const unknown = (status: number): string => t('error.unknown', { status })

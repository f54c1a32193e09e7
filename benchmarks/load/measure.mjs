// Figures: quantiles, and processor time of processes as Linux tells it.

import { readdirSync, readFileSync } from 'node:fs'

/** p50, p95, p99 and the largest, rounded to 0.01; nulls when there is nothing. */
export function quantiles(values) {
  const sorted = Float64Array.from(values).sort()
  const at = (share) => {
    if (!sorted.length) return null
    return round(sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)])
  }
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1), count: sorted.length }
}

export function round(value) {
  return Math.round(value * 100) / 100
}

/** Processor seconds of these processes and all below them, of the threads they have now. Exact to the nanosecond. */
export function cpuSeconds(roots) {
  let nanoseconds = 0
  for (const pid of family(roots)) {
    try {
      for (const thread of readdirSync(`/proc/${pid}/task`)) {
        nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')[0])
      }
    } catch {
      // It ended while we looked.
    }
  }
  return nanoseconds / 1e9
}

/** Resident memory of these processes and all below them, in bytes. What they share is counted once a process. */
export function residentBytes(roots) {
  let pages = 0
  for (const pid of family(roots)) pages += Number(stat(pid)?.[21] ?? 0)
  return pages * 4096
}

/** Of a process: everything in its stat after the name. */
function stat(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return null
  }
}

function family(roots) {
  const parents = new Map()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const fields = stat(name)
    if (fields) parents.set(Number(name), Number(fields[1]))
  }
  const found = new Set(roots)
  for (let before = -1; before !== found.size; ) {
    before = found.size
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid)
  }
  return found
}

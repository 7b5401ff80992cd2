// A server's address in the scheme that a transport speaks.

/** The URL may be ws, wss, http or https, absolute or relative to the page. @throws TypeError for one that is none. */
export function addressOf(url: string, scheme: 'ws' | 'http'): URL {
  const address = new URL(url, globalThis.location?.href)
  address.protocol = address.protocol.replace(/^(http|ws)/, scheme)
  address.hash = ''
  return address
}

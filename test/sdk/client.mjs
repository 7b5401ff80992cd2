// The built client, for Node of any age and for Deno, and what the checker in Go wants to know of a message.

import { WebSocket as wsOfNPM } from 'ws'
import { connect as connectTo } from '../../sdk/js/dist/index.js'

const WebSocket = globalThis.WebSocket ?? wsOfNPM

export const connect = (url, options) => connectTo(url, { WebSocket, ...options })

export const entry = ({ seq, from, cid, body }) => ({ Seq: seq, Sender: from, CID: cid, Body: body })

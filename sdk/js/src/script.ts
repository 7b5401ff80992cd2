// The entry of the script tag, `<script src="veche.js">`: everything, as the global `veche`.

export * from './index.js'
export { longPoll } from './longpoll.js'
export { sse } from './sse.js'
export { tabs } from './tabs.js'

import { createApp } from 'vue'
import './style/elementPlus'
import './style/tokens.css'
import './style/base.css'
import './style/map.css'
import App from './App.vue'
import { router } from './router'

createApp(App).use(router).mount('#app')

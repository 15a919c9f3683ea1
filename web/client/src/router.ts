import { createRouter, createWebHistory } from 'vue-router'
import LoginPage from './pages/LoginPage.vue'
import { mayEnter } from './state/session'

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/login', component: LoginPage, meta: { open: true } },
    { path: '/invitation/:token', component: () => import('./pages/InvitationPage.vue'), meta: { open: true } },
    { path: '/map', component: () => import('./pages/MapPage.vue') },
    { path: '/records', component: () => import('./pages/RecordsPage.vue') },
    { path: '/given', component: () => import('./pages/GivenPage.vue') },
    { path: '/corrections', component: () => import('./pages/CorrectionsPage.vue') },
    { path: '/pushdowns', component: () => import('./pages/PushdownsPage.vue') },
    { path: '/accounts', component: () => import('./pages/AccountsPage.vue') },
    { path: '/registers', component: () => import('./pages/RegistersPage.vue') },
    { path: '/audit', component: () => import('./pages/AuditPage.vue') },
    { path: '/account', component: () => import('./pages/AccountPage.vue') },
    { path: '/:elsewhere(.*)*', redirect: '/map' },
  ],
})

router.beforeEach(async (to) => {
  if (to.meta.open || (await mayEnter())) return true
  return { path: '/login', query: to.fullPath === '/map' ? {} : { next: to.fullPath } }
})

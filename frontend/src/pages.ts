/** Sign-in, sign-up and error pages: their styles; signing out where there is a button for it. */
import './styles/pages.css'
import { guardSignOut } from './account'

guardSignOut()

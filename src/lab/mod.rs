//! The lab: a window in which training is alive.
//!
//! ```text
//! trainer's thread ── events ──▶ state ──▶ panels ──▶ desk ── controls ──▶ trainer's thread
//!  (session)                       ▲                    └─ commands ──▶ app
//!  run folder ── replay ───────────┘
//! ```
//!
//! Nothing in here touches the network: the window knows what the events say and asks for what it
//! wants to see. `state` is plain data and needs no screen; `panel` draws it; `look` holds colours,
//! symbols and pictures that all panels share; `lesson` is the guided tour; `app` puts them
//! together, and `window` gives that to the operating system.

pub mod app;
mod clicks;
pub mod desk;
pub mod help;
mod layout;
pub mod lesson;
pub mod look;
pub mod panel;
pub mod replay;
pub mod session;
pub mod state;
pub mod toast;
pub mod window;

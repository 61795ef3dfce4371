//! Back-up and restore of the embedded database, as an operator does them: with the binary, beside a server or without.

mod drill;
mod folder;
mod killed;
mod placing;
mod refused_back_ups;
mod refused_restores;
mod versions;

use folder::Folder;

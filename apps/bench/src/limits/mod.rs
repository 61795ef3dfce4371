//! What the machine can do at best: the limits that the shop is compared with, measured in the same run.

mod bare;
mod pgbench;
mod sets;
mod tables;

pub(crate) use bare::{Bare, serve};
pub(crate) use pgbench::one_a_transaction;
pub(crate) use sets::in_sets;
pub(crate) use tables::{Holding, prepare};

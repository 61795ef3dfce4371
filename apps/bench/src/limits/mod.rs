//! What the machine can do at best: the limits that the shop is compared with, measured in the same run.

mod bare;
mod embedded;
mod pgbench;
mod sets;
mod tables;

pub(crate) use bare::{Bare, serve};
pub(crate) use embedded::in_embedded_sets;
pub(crate) use pgbench::{WhenDue, one_a_transaction, when_due};
pub(crate) use sets::in_sets;
pub(crate) use tables::{Holding, prepare};

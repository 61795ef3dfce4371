//! The use cases of Jangteo.
//!
//! Every command has one shape: **lock, decide, save, over a set** ([`SetUseCase`], ADR-023). A use case takes a slice of
//! commands and an open transaction, which *is* the repositories that it asks for (ADR-024). [`submit`] runs a single
//! command as a set of one, and again if a race was lost; [`group_commit`] makes one set of all that wait (ADR-039).
//!
//! | use case | locks, in this order |
//! |---|---|
//! | [`RegisterUsers`] | nothing: the unique address decides |
//! | [`Sessions`]: log in, refresh, log out, change the password | users, refresh families |
//! | [`EditProfiles`], [`reseal_accounts`] | users |
//! | [`DeleteAccounts`] | users, refresh families, orders, issued coupons, point accounts, product stock |
//! | [`CreateProducts`] | nothing: they are new |
//! | [`EditProducts`], [`AdjustStocks`] | product stock |
//! | [`ChargePointAccounts`], [`GrantPointAccounts`], [`expire_due_points`] | point accounts |
//! | [`CreateCampaigns`] | nothing: they are new |
//! | [`ClaimCoupons`] | campaigns |
//! | [`PlaceOrders`] | issued coupons, product stock |
//! | [`PayOrders`] | orders, point accounts |
//! | [`CancelOrders`], [`expire_due_orders`] | orders, issued coupons, product stock |
//! | [`RefundPayments`], [`CancelPayments`] | orders, issued coupons, point accounts, product stock, payments |
//! | [`preview_refund`] | nothing: it only reads |
//! | [`count_sales`], [`rebuild_sales`] | their lease, and nothing else |
//!
//! What a client may send twice carries a [`RequestMark`]; its [`Answer`] is stored with its effect (ADR-025). What
//! happened is told through the [`Outbox`], in the same transaction; a [`Relay`] then hands it as an [`Envelope`] to an
//! [`EventSink`], at least once and in order per aggregate (ADR-032).
//!
//! What was paid is noted as a sale in the same transaction. [`count_sales`] adds sales up by day, once each, and
//! [`rebuild_sales`] computes a day anew from orders and refunds; [`PopularityQueries`] reads the outcome (ADR-033).
//! Claims come in storms, so they go through a gate first ([`GatedClaims`], [`InProcessGate`]; ADR-019).
//!
//! What is read often is answered from finished bytes, which instances share ([`SharedAnswers`]; ADR-034).
//! Log-ins may fail only so often ([`ThrottledLogIns`], over [`Counters`]; ADR-036), and a client may make only so many
//! requests ([`RateLimit`], together by [`SharedAllowances`]; ADR-044).
//!
//! That all of them together lost nothing and invented nothing is for [`AuditQueries`] to prove, from what is stored and
//! not from here: [`AUDIT_RULES`] says what must add up (ADR-031).
//!
//! ```
//! use std::sync::Arc;
//!
//! use jangteo_application::{CreateProducts, Sources, submit};
//! use jangteo_product::{NewProduct, ProductStatus};
//! use jangteo_shared_kernel::{Clock, Currency, Entropy, Money, Timestamp};
//! use jangteo_storage_memory::MemoryStorage;
//!
//! struct Noon;
//! impl Clock for Noon {
//!     fn now(&self) -> Timestamp {
//!         Timestamp::UNIX_EPOCH + chrono::TimeDelta::hours(12)
//!     }
//! }
//! struct Sevens;
//! impl Entropy for Sevens {
//!     fn fill(&self, bytes: &mut [u8]) {
//!         bytes.fill(7); // An example; a shop needs a secure source.
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let storage = MemoryStorage::new();
//! let sources = Sources::new(Arc::new(Noon), Arc::new(Sevens));
//! let create = CreateProducts { sources: sources.clone() };
//! let mug = NewProduct {
//!     name: "머그컵".parse()?,
//!     description: "".parse()?,
//!     price: Money::new(12_000, Currency::KRW).try_into()?,
//!     status: ProductStatus::OnSale,
//!     stock: 10.try_into()?,
//! };
//! let product = submit(&storage, &create, &sources, mug).await?;
//! assert_eq!(product.created_at, Noon.now());
//! # Ok(())
//! # }
//! ```
//!
//! There is no database and no HTTP here. The one thing that looks like it, an [`Answer`], is bytes that the caller's
//! pure `render` function made.
#![deny(missing_docs)]

mod adjust_stock;
mod allowance;
mod audit;
mod caller;
mod cancel_orders;
mod cancel_payments;
mod change_password;
mod changed;
mod charge_points;
mod claim_coupons;
mod claim_records;
mod confirmed_refusals;
mod count_sales;
mod counters;
mod coupons;
mod create_campaigns;
mod create_products;
mod delete_accounts;
mod edit_products;
mod edit_profiles;
mod envelope;
mod event_data;
mod event_kind;
mod expire_orders;
mod expire_points;
mod forget_answers;
mod gated_claims;
mod grant_points;
mod group;
mod group_commit;
mod group_standings;
mod idempotency;
mod in_process_counters;
mod in_process_gate;
mod lease;
mod log_in;
mod meters;
mod outbox;
mod paid;
mod pay_orders;
mod pending;
mod place_orders;
mod points;
mod popular;
mod preview_refund;
mod rate_limit;
mod rebuild_sales;
mod refresh_sessions;
mod refund_payments;
mod refundable;
mod refunded;
mod refunding;
mod register_users;
mod relay;
mod reseal_accounts;
mod sales;
mod sessions;
mod set_use_case;
mod shared_answers;
mod side_by_side;
mod sources;
mod throttled_log_ins;
mod traces;
mod two_generations;
mod undelivered;
mod unpaid;

pub use adjust_stock::{AdjustStock, AdjustStockRefusal, AdjustStocks};
pub use allowance::{Allowance, Client, Draw, Drawn, SharedAllowances};
pub use audit::{
    AUDIT_RULES, AuditCheck, AuditQueries, AuditReport, AuditRule, AuditSide, AuditTerm, AuditViolation,
};
pub use caller::Caller;
pub use cancel_orders::{CancelOrder, CancelOrderRefusal, CancelOrders};
pub use cancel_payments::{CancelPayment, CancelPaymentRefusal, CancelPayments};
pub use charge_points::{ChargePointAccounts, ChargePoints, ChargePointsRefusal};
pub use claim_coupons::{ClaimCoupon, ClaimCouponRefusal, ClaimCoupons};
pub use claim_records::{
    ClaimLookUp, ClaimReader, ClaimRecord, ClaimRecords, SharedClaimRecords, group_claim_look_ups,
};
pub use confirmed_refusals::ConfirmedRefusals;
pub use count_sales::count_sales;
pub use counters::{Counted, Counters, Quota};
pub use coupons::CouponNotUsable;
pub use create_campaigns::CreateCampaigns;
pub use create_products::CreateProducts;
pub use delete_accounts::DeleteAccounts;
pub use edit_products::{EditProduct, EditProductRefusal, EditProducts};
pub use edit_profiles::{AccountNotFound, EditProfile, EditProfiles};
pub use envelope::Envelope;
pub use event_data::EventData;
pub use event_kind::EventKind;
pub use expire_orders::expire_due_orders;
pub use expire_points::expire_due_points;
pub use forget_answers::{ANSWERS_KEPT_FOR, forget_old_answers};
pub use gated_claims::{ClaimVerdict, GatedClaims};
pub use grant_points::{GrantPointAccounts, GrantPoints, GrantPointsRefusal};
pub use group::Group;
pub use group_commit::{Committer, group_commit};
pub use group_standings::{StandingReader, group_standings};
pub use idempotency::{
    Answer, Fingerprint, IdempotencyKey, IdempotencyQueries, IdempotencyRecord, IdempotencyRepository,
    InvalidIdempotencyKey, RecordKey, RequestMark, Verdict,
};
pub use in_process_counters::InProcessCounters;
pub use in_process_gate::{InProcessGate, InProcessPass};
pub use lease::{Lease, LeaseHolder, LeaseHolderId, LeaseName, LeaseRepository};
pub use log_in::InvalidCredentials;
pub use meters::Meters;
pub use outbox::{Aggregate, Event, Outbox};
pub use pay_orders::{PayOrder, PayOrderRefusal, PayOrders};
pub use place_orders::{PlaceOrder, PlaceOrderRefusal, PlaceOrders};
pub use popular::{PopularProduct, Popularity, PopularityQueries};
pub use preview_refund::preview_refund;
pub use rate_limit::{Metered, RateLimit};
pub use rebuild_sales::{Rebuilt, rebuild_sales};
pub use refund_payments::{RefundPayment, RefundPaymentRefusal, RefundPayments};
pub use refunding::BrokenBooks;
pub use register_users::{EmailTaken, RegisterUser, RegisterUsers};
pub use relay::{EventSink, Relay, Relayed, SinkError};
pub use reseal_accounts::{KeyUse, Resealed, count_key_use, reseal_accounts, try_keys};
pub use sessions::{SessionError, SessionPolicy, SessionTokens, Sessions};
pub use set_use_case::{SetUseCase, submit};
pub use shared_answers::{FinishedAnswer, SharedAnswer, SharedAnswers, SharedMoment};
pub use sources::Sources;
pub use throttled_log_ins::{LogInNames, ThrottledError, ThrottledLogIns};
pub use traces::TRACE_TARGET;
pub use undelivered::{AggregatePosition, OutboxQueries, StoredEvent, UndeliveredEvents};

//! What handlers outside the API take.

use actix_web::HttpRequest;
use actix_web::web::Data;
use prometheus_client::registry::Registry;

use crate::health::Stage;
use crate::shop::Shop;

/// All arguments of a handler that is entered without promises. No [`Call`](crate::call::Call) is on the list: a handler
/// that asks who calls is entered as one of the API, and so is documented as such.
pub(crate) trait Plain {}

impl Plain for () {}
impl Plain for (HttpRequest,) {}
impl Plain for (Data<Registry>,) {}
impl Plain for (Data<Stage>, Data<Shop>) {}

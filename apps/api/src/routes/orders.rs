//! Orders.

use actix_web::HttpResponse;
use jangteo_application::{CancelOrder, PlaceOrder};
use jangteo_order::{Order, OrderFilter, OrderQueries, OrderStatus};
use jangteo_shared_kernel::{UserId, kind};

use super::table::Table;
use crate::body::PageBody;
use crate::body::order::{OrderBody, OrderStatusBody, PlaceOrderBody};
use crate::call::{Call, Json, Keyed, Paging, Parameters, Person, Query, QueryString, SignedIn};
use crate::commands::Command;
use crate::problem::{Code, Problem};
use crate::rate_limits::RouteClass;
use crate::refusals::{cannot_cancel, cannot_place};
use crate::reply::{self, Tag};
use crate::shop::Shop;

pub(super) fn enter(table: &mut Table) {
    table.add(__path_place_order, place_order, RouteClass::Writes, Command::PlaceOrder.refusals());
    table.add(__path_list_orders, list_orders, RouteClass::Reads, &[Code::InvalidCursor]);
    table.add(__path_show_order, show_order, RouteClass::Reads, &[Code::NotFound]);
    table.add(
        __path_cancel_order,
        cancel_order,
        RouteClass::Writes,
        &[Code::NotFound, Code::OrderNotCancellable],
    );
}

/// Place an order
///
/// Takes the units out of the stock and freezes the amounts, or does nothing at all.
#[utoipa::path(
    post,
    path = "/api/v1/orders",
    tag = "orders",
    request_body = PlaceOrderBody,
    responses((
        status = 201,
        description = "The order. It waits for its payment until expiresAt; one with nothing to pay is paid already",
        body = OrderBody,
        headers(("Location" = String, description = "Where the order is")),
    )),
)]
async fn place_order(call: Call<SignedIn, Json<PlaceOrderBody>, Keyed>) -> Result<HttpResponse, Problem> {
    let Call { shop, who, input, key, .. } = call;
    let command = PlaceOrder {
        user: who.user(),
        items: input.items,
        coupon: input.coupon,
        expected_total: input.expected_total,
        mark: key.into_mark(),
    };
    let verdict = shop.groups.place_order.submit(command).await;
    let meter = shop.meters.commands.of(Command::PlaceOrder);
    reply::keyed(meter, verdict, |refusal| cannot_place(refusal, &input.products))
}

/// Which orders to list.
struct Wanted {
    status: Option<OrderStatus>,
    paging: Paging,
}

impl QueryString for Wanted {
    fn read(parameters: &mut Parameters) -> Self {
        Self { status: take_status(parameters), paging: parameters.take_paging() }
    }
}

pub(super) fn take_status(parameters: &mut Parameters) -> Option<OrderStatus> {
    let statuses = [
        ("PENDING_PAYMENT", OrderStatus::PendingPayment),
        ("PAID", OrderStatus::Paid),
        ("CANCELLED", OrderStatus::Cancelled),
        ("EXPIRED", OrderStatus::Expired),
        ("PARTIALLY_REFUNDED", OrderStatus::PartiallyRefunded),
        ("REFUNDED", OrderStatus::Refunded),
    ];
    parameters.take_word("status", &statuses)
}

/// List my orders
#[utoipa::path(
    get,
    path = "/api/v1/orders",
    tag = "orders",
    params(
        ("status" = Option<OrderStatusBody>, Query, description = "Only this status"),
        ("limit" = Option<u16>, Query, description = "How many items, 20 unless told", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "The nextCursor of the page before"),
    ),
    responses((status = 200, description = "A page of orders, newest first", body = PageBody<OrderBody>)),
)]
async fn list_orders(call: Call<SignedIn, Query<Wanted>>) -> Result<HttpResponse, Problem> {
    let Call { shop, who, input: Wanted { status, paging }, .. } = call;
    let filter = OrderFilter { user: Some(who.user()), status };
    answer_orders(&shop, "orders", filter, paging).await
}

/// A page of orders, for their owner or for an administrator.
pub(super) async fn answer_orders(
    shop: &Shop,
    list: &str,
    filter: OrderFilter,
    paging: Paging,
) -> Result<HttpResponse, Problem> {
    let scope = format!("{list} {filter:?}");
    let page = reply::open_cursor(shop, &scope, &paging)?;
    let page = shop.storage.list_orders(&filter, &page).await?;
    reply::answer_page(shop, &scope, &page, |order| OrderBody::from(order))
}

/// Show an order
#[utoipa::path(
    get,
    path = "/api/v1/orders/{id}",
    tag = "orders",
    params(
        ("id" = Uuid, Path),
        ("If-None-Match" = Option<String>, Header, description = "Tags of states that the client has"),
    ),
    responses(
        (status = 200, description = "The order", body = OrderBody, headers(("ETag" = String))),
        (status = 304, description = "The client has this state", headers(("ETag" = String))),
    ),
)]
async fn show_order(call: Call<SignedIn>) -> Result<HttpResponse, Problem> {
    let id = call.path_id::<kind::Order>("id")?;
    let order = call.shop.storage.find_order(id).await?;
    let order = order.filter(|order| call.who.may_see(order.user)).ok_or_else(Problem::not_found)?;
    Ok(reply::resource(&call.request, &tag(&order), &OrderBody::from(&order)))
}

/// Cancel an order
///
/// Only one that waits for its payment; its units go back into the stock. Cancelling again changes nothing.
#[utoipa::path(
    post,
    path = "/api/v1/orders/{id}/cancel",
    tag = "orders",
    params(("id" = Uuid, Path)),
    responses((status = 200, description = "The cancelled order", body = OrderBody, headers(("ETag" = String)))),
)]
async fn cancel_order(call: Call<SignedIn>) -> Result<HttpResponse, Problem> {
    let order = call.path_id("id")?;
    let user: UserId = call.who.user();
    let cancelled = call.shop.submit(&call.shop.use_cases.cancel_order, CancelOrder { user, order }).await?;
    let order = cancelled.map_err(cannot_cancel)?;
    Ok(reply::changed(&tag(&order), &OrderBody::from(&order)))
}

fn tag(order: &Order) -> Tag {
    Tag::of(order.version)
}

//! Popular products.

use actix_web::HttpResponse;
use actix_web::web::Bytes;
use chrono::{NaiveDate, Weekday};
use jangteo_application::PopularityQueries;
use jangteo_ranking::RankingWindow;
use jangteo_shared_kernel::Limit;

use super::table::Table;
use crate::body::popular::RankingBody;
use crate::body::values::{bytes, date};
use crate::call::{Anyone, Call, Parameters, Query, QueryString};
use crate::kept::{AnswerName, Finished};
use crate::problem::Problem;
use crate::rate_limits::RouteClass;
use crate::reply;

pub(super) fn enter(table: &mut Table) {
    table.add(__path_list_popular_products, list_popular_products, RouteClass::Reads, &[]);
}

/// What the name of a window stands for.
#[derive(Debug, Clone, Copy)]
enum Meant {
    /// A window.
    This(RankingWindow),
    /// A window around a date.
    Around(fn(NaiveDate) -> RankingWindow),
    /// A window of a weekday.
    Each(fn(Weekday) -> RankingWindow),
}

const WINDOWS: [(&str, Meant); 8] = [
    ("today", Meant::This(RankingWindow::Today)),
    ("date", Meant::Around(RankingWindow::Date)),
    ("last-3-days", Meant::This(RankingWindow::Last3Days)),
    ("last-7-days", Meant::This(RankingWindow::Last7Days)),
    ("last-30-days", Meant::This(RankingWindow::Last30Days)),
    ("week", Meant::Around(RankingWindow::Week)),
    ("month", Meant::Around(RankingWindow::Month)),
    ("weekday", Meant::Each(RankingWindow::Weekday)),
];

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("MON", Weekday::Mon),
    ("TUE", Weekday::Tue),
    ("WED", Weekday::Wed),
    ("THU", Weekday::Thu),
    ("FRI", Weekday::Fri),
    ("SAT", Weekday::Sat),
    ("SUN", Weekday::Sun),
];

/// How many products there are unless told.
const PRODUCTS: u16 = 10;

/// Which ranking is wanted.
struct Wanted {
    name: &'static str,
    window: Meant,
    date: Option<NaiveDate>,
    weekday: Option<Weekday>,
    limit: Option<Limit>,
}

impl QueryString for Wanted {
    fn read(parameters: &mut Parameters) -> Self {
        let [dated, of_weekday] = ["date", "weekday"].map(|name| parameters.has(name));
        let told = parameters.has("window");
        let windows = WINDOWS.map(|(name, meant)| (name, (name, meant)));
        let window = parameters.take_word("window", &windows);
        let date = parameters.take("date", |text| date(text).map_err(str::to_owned));
        let weekday = parameters.take_word("weekday", &WEEKDAYS);
        let limit = parameters.take_limit();
        let (name, meant) = window.unwrap_or(windows[0].1);
        // What the others are for is known only if the window is.
        if window.is_some() || !told {
            if dated && !matches!(meant, Meant::Around(_)) {
                parameters.refuse("date", "goes with the windows date, week and month only");
            }
            if of_weekday && !matches!(meant, Meant::Each(_)) {
                parameters.refuse("weekday", "goes with the window weekday only");
            }
            if !of_weekday && matches!(meant, Meant::Each(_)) {
                parameters.refuse("weekday", "must be there: the window is of a weekday");
            }
        }
        Self { name, window: meant, date, weekday, limit }
    }
}

impl Wanted {
    /// The window; `None` if a weekday is missing, which was refused.
    fn window(&self, today: NaiveDate) -> Option<RankingWindow> {
        match self.window {
            Meant::This(window) => Some(window),
            Meant::Around(window) => Some(window(self.date.unwrap_or(today))),
            Meant::Each(window) => self.weekday.map(window),
        }
    }
}

/// List popular products
///
/// Products on sale by units sold less units refunded, then by revenue, then by id. A sale counts for the day on which it
/// was paid, in the zone of the shop, and so does what is refunded of it. Sold-out products stay.
#[utoipa::path(
    get,
    path = "/api/v1/products/popular",
    tag = "products",
    params(
        ("window" = Option<String>, Query, description = "today (unless told); date: a day; last-3-days, last-7-days, last-30-days: complete days; week: Monday to Sunday; month; weekday: the last 8 complete days of that name", pattern = "^(today|date|last-3-days|last-7-days|last-30-days|week|month|weekday)$"),
        ("date" = Option<String>, Query, format = Date, description = "Picks the day, the week or the month, today's unless told; with these windows only"),
        ("weekday" = Option<String>, Query, description = "Required with the window weekday, and with that only", pattern = "^(MON|TUE|WED|THU|FRI|SAT|SUN)$"),
        ("limit" = Option<u16>, Query, description = "How many products, 10 unless told", minimum = 1, maximum = 100),
    ),
    responses((status = 200, description = "The ranking. It may be a second old; `asOf` tells what it counts", body = RankingBody)),
)]
async fn list_popular_products(call: Call<Anyone, Query<Wanted>>) -> Result<HttpResponse, Problem> {
    let Call { shop, input: wanted, request, .. } = call;
    let now = shop.sources.now();
    let today = shop.zone.day_of(now);
    let period = wanted.window(today).and_then(|window| window.period(today, shop.zone));
    let period = period.ok_or_else(|| Problem::internal(&"a window without days was let through".into()))?;
    let limit = wanted.limit.map_or_else(|| Limit::new(PRODUCTS), Ok);
    let limit = limit.map_err(|error| Problem::internal(&error.into()))?;
    let make = || async {
        let (currency, now) = (shop.terms.currency, shop.sources.now());
        let ranking = shop.storage.popular_products(&period.days, currency, limit, now).await?;
        Ok(Finished::untagged(Bytes::from(bytes(&RankingBody::of(wanted.name, &period, &ranking)))))
    };
    let (from, until) = (period.from, period.until);
    let name = AnswerName::Popular { window: wanted.name, from, until, limit: limit.get() };
    Ok(reply::finished(&request, &shop.kept.get(name, make).await?))
}

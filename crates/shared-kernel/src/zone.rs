//! The business zone: which instants belong to a day, a week, a month.

use std::str::FromStr;

use chrono::{DateTime, Datelike, Days, LocalResult, Months, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use crate::Timestamp;

/// The time zone that business days, weeks and months follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BusinessZone(Tz);

/// The name is not in the tz database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a time zone of the tz database, such as Asia/Seoul")]
pub struct UnknownZone;

/// A half-open span of time: `from` belongs to it, `until` no longer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first instant inside.
    pub from: Timestamp,
    /// The first instant after it.
    pub until: Timestamp,
}

impl Window {
    /// Whether the instant lies inside.
    #[must_use]
    pub fn contains(&self, instant: Timestamp) -> bool {
        self.from <= instant && instant < self.until
    }
}

impl BusinessZone {
    /// Seoul, the default.
    pub const SEOUL: Self = Self(Tz::Asia__Seoul);

    /// The zone's name in the tz database.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// The business day that the instant belongs to.
    #[must_use]
    pub fn day_of(self, instant: Timestamp) -> NaiveDate {
        instant.with_timezone(&self.0).date_naive()
    }

    /// The day, from midnight to midnight. `None` at the ends of the calendar (year ±262,000).
    #[must_use]
    pub fn day(self, date: NaiveDate) -> Option<Window> {
        self.window(date, date.checked_add_days(Days::new(1))?)
    }

    /// The ISO week (Monday to Sunday) that the date lies in.
    #[must_use]
    pub fn iso_week(self, date: NaiveDate) -> Option<Window> {
        let monday = date.checked_sub_days(Days::new(date.weekday().num_days_from_monday().into()))?;
        self.window(monday, monday.checked_add_days(Days::new(7))?)
    }

    /// The calendar month that the date lies in.
    #[must_use]
    pub fn month(self, date: NaiveDate) -> Option<Window> {
        let first = date.with_day(1)?;
        self.window(first, first.checked_add_months(Months::new(1))?)
    }

    /// The span of whole days `[from, until)`.
    #[must_use]
    pub fn window(self, from: NaiveDate, until: NaiveDate) -> Option<Window> {
        Some(Window { from: self.start_of(from)?, until: self.start_of(until)? })
    }

    /// The days of a span of whole days, in their order. A day that the zone skipped has no instant and is left out.
    pub fn days_in(self, span: Window) -> impl Iterator<Item = NaiveDate> {
        let days = self.day_of(span.from).iter_days().map(move |date| (date, self.day(date)));
        let days = days.map_while(|(date, day)| day.map(|day| (date, day)));
        let days = days.take_while(move |(_, day)| day.from < span.until);
        days.filter(|(_, day)| day.from < day.until).map(|(date, _)| date)
    }

    /// The first instant of a day. Some zones skip midnight when summer time begins: the day then starts later;
    /// Samoa once skipped a whole day, which is empty.
    fn start_of(self, date: NaiveDate) -> Option<Timestamp> {
        let mut local = date.and_time(NaiveTime::MIN);
        loop {
            let found: Option<DateTime<Tz>> = match self.0.from_local_datetime(&local) {
                LocalResult::Single(start) | LocalResult::Ambiguous(start, _) => Some(start),
                LocalResult::None => None,
            };
            if let Some(start) = found {
                return Some(start.with_timezone(&Utc));
            }
            local = local.checked_add_signed(TimeDelta::minutes(15))?;
        }
    }
}

impl FromStr for BusinessZone {
    type Err = UnknownZone;

    fn from_str(name: &str) -> Result<Self, UnknownZone> {
        name.parse().map(Self).map_err(|_| UnknownZone)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn instant(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// Hard case 14: the last millisecond of a Sunday in Seoul.
    #[test]
    fn sunday_night_and_monday_morning_are_different_weeks() {
        let last = instant("2026-11-22T14:59:59.999Z");
        let next = instant("2026-11-22T15:00:00.000Z");
        let zone = BusinessZone::SEOUL;
        let week = zone.iso_week(zone.day_of(last)).unwrap();
        assert!(week.contains(last));
        assert!(!week.contains(next));
        assert_eq!(week.until, next);
        assert_eq!(week.from, instant("2026-11-15T15:00:00Z"));
    }

    #[test]
    fn a_day_starts_later_where_midnight_is_skipped() {
        let beirut: BusinessZone = "Asia/Beirut".parse().unwrap();
        let day = beirut.day(date("2021-03-28")).unwrap();
        assert_eq!(day.from, instant("2021-03-27T22:00:00Z"));
        assert_eq!(day.until - day.from, TimeDelta::hours(23));
    }

    #[test]
    fn a_day_that_a_zone_skipped_is_empty() {
        let apia: BusinessZone = "Pacific/Apia".parse().unwrap();
        let skipped = apia.day(date("2011-12-30")).unwrap();
        assert_eq!(skipped.from, skipped.until);
        assert_eq!(apia.day(date("2011-12-29")).unwrap().until, apia.day(date("2011-12-31")).unwrap().from);
    }

    #[test]
    fn the_days_of_a_span_are_those_that_have_an_instant() {
        let days = |zone: BusinessZone, from, until| -> Vec<String> {
            zone.days_in(zone.window(date(from), date(until)).unwrap()).map(|day| day.to_string()).collect()
        };
        let seoul = BusinessZone::SEOUL;
        assert_eq!(days(seoul, "2026-11-30", "2026-12-02"), ["2026-11-30", "2026-12-01"]);
        assert_eq!(days(seoul, "2026-11-30", "2026-11-30"), [""; 0]);
        let apia: BusinessZone = "Pacific/Apia".parse().unwrap();
        assert_eq!(days(apia, "2011-12-29", "2012-01-01"), ["2011-12-29", "2011-12-31"]);
        assert_eq!(days(apia, "2011-12-30", "2011-12-31"), [""; 0]);
    }

    #[test]
    fn a_month_ends_where_the_next_begins() {
        let zone = BusinessZone::SEOUL;
        let december = zone.month(date("2026-12-31")).unwrap();
        assert_eq!(december.from, instant("2026-11-30T15:00:00Z"));
        assert_eq!(december.until, zone.month(date("2027-01-01")).unwrap().from);
    }

    #[test]
    fn does_not_know_a_zone_that_is_none() {
        assert_eq!("Asia/Atlantis".parse::<BusinessZone>(), Err(UnknownZone));
    }

    proptest! {
        #[test]
        fn every_instant_is_in_its_own_day_and_week_and_month(
            millis in 0_i64..4_102_444_800_000,
            name in prop::sample::select(vec!["Asia/Seoul", "America/Sao_Paulo", "Asia/Beirut", "Pacific/Apia", "UTC"]),
        ) {
            let zone: BusinessZone = name.parse().unwrap();
            let instant = Utc.timestamp_millis_opt(millis).unwrap();
            let day = zone.day_of(instant);
            prop_assert!(zone.day(day).unwrap().contains(instant));
            prop_assert!(zone.iso_week(day).unwrap().contains(instant));
            prop_assert!(zone.month(day).unwrap().contains(instant));
        }

        #[test]
        fn no_date_panics(days in i32::MIN / 2..i32::MAX / 2) {
            if let Some(date) = NaiveDate::from_num_days_from_ce_opt(days) {
                let _ = (BusinessZone::SEOUL.day(date), BusinessZone::SEOUL.iso_week(date), BusinessZone::SEOUL.month(date));
            }
        }
    }
}

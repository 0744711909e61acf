/* Times in UTC as text, without the system's time zones. */
#include "text/utc.h"

#include "text/buf.h"

#define DAY 86400

static bool
is_leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t
days_of_month(int64_t year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };

	return days[month - 1] + (month == 2 && is_leap(year));
}

/* The number of days from 1970 to the first day of `year`. */
static int64_t
days_to_year(int64_t year)
{
	int64_t before = year - 1;

	return 365 * (year - 1970) + before / 4 - before / 100 + before / 400 -
	    (1969 / 4 - 1969 / 100 + 1969 / 400);
}

/* Not gmtime_r, which reads the system's time zones first. */
void
utc_format(int64_t time, char out[UTC_SIZE])
{
	struct buf text = buf_over(out, UTC_SIZE);
	int64_t days, year;
	int month = 1, second;

	if (time < 0)
		time = 0;
	if (time > UTC_MAX)
		time = UTC_MAX;
	days = time / DAY;
	second = (int)(time % DAY);
	/* At most one year too early, never too late. */
	year = 1970 + days / 366;
	while (days_to_year(year + 1) <= days)
		year++;
	days -= days_to_year(year);
	while (days >= days_of_month(year, month))
		days -= days_of_month(year, month++);
	buf_printf(&text, "%04d-%02d-%02dT%02d:%02d:%02dZ", (int)year, month,
	    (int)days + 1, second / 3600, second / 60 % 60, second % 60);
	buf_char(&text, '\0');
}

/* Takes `len` digits and the character `end`; -1 for anything else. */
static int
take_digits(struct str *rest, size_t len, char end)
{
	unsigned long number;

	if (rest->len <= len || rest->at[len] != end ||
	    !str_number(str_head(*rest, len), 9999, &number))
		return -1;
	*rest = str_tail(*rest, len + 1);
	return (int)number;
}

static bool
is_date(int year, int month, int day)
{
	return month >= 1 && month <= 12 && day >= 1 &&
	    day <= days_of_month(year, month);
}

bool
utc_is_date(struct str text)
{
	int year = take_digits(&text, 4, '-');
	int month = take_digits(&text, 2, '-');
	unsigned long day;

	return text.len == 2 && str_number(text, 31, &day) && year > 0 &&
	    is_date(year, month, (int)day);
}

bool
utc_read(struct str text, int64_t *out)
{
	int year = take_digits(&text, 4, '-');
	int month = take_digits(&text, 2, '-');
	int day = take_digits(&text, 2, 'T');
	int hour = take_digits(&text, 2, ':');
	int minute = take_digits(&text, 2, ':');
	int second = take_digits(&text, 2, 'Z');
	int64_t days;

	if (text.len > 0 || year < 1970 || !is_date(year, month, day) ||
	    hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
	    second > 59)
		return false;
	days = days_to_year(year) + day - 1;
	for (int i = 1; i < month; i++)
		days += days_of_month(year, i);
	*out = ((days * 24 + hour) * 60 + minute) * 60 + second;
	return true;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The MADT, which names the machine's local and I/O APICs. The kernel's own walk of it is for
 * the kernel's start only. The host has written the table: each length is checked.
 */
#include <linux/acpi.h>

#include "reset/reset.h"

/**
 * svr_madt_walk - show each entry of the MADT
 * @show: is called with each entry, of which @length bytes are there; it has to check that
 *        these are enough
 *
 * Context: process.
 *
 * Return: false if there is no MADT.
 */
bool svr_madt_walk(void (*show)(const struct acpi_subtable_header *entry))
{
	const struct acpi_subtable_header *entry;
	struct acpi_table_header *madt;
	unsigned long pos, end;

	/* Then ACPICA has no lock either, and would write errors to the log */
	if (acpi_disabled || ACPI_FAILURE(acpi_get_table(ACPI_SIG_MADT, 0, &madt)))
		return false;
	pos = (unsigned long)madt + sizeof(struct acpi_table_madt);
	end = (unsigned long)madt + madt->length;
	while (pos + sizeof(*entry) <= end) {
		entry = (const struct acpi_subtable_header *)pos;
		if (entry->length < sizeof(*entry) || pos + entry->length > end)
			break;
		show(entry);
		pos += entry->length;
	}
	acpi_put_table(madt);
	return true;
}

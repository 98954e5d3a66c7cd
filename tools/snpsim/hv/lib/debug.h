/* SPDX-License-Identifier: GPL-2.0 */
/* make DEBUG=1: checks that take time */
#ifndef SNPSIM_DEBUG_H
#define SNPSIM_DEBUG_H

#ifdef SNPSIM_DEBUG
#define debug_build	true
#else
#define debug_build	false
#endif

#endif

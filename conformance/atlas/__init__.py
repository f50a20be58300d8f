"""The atlas: what each adapter answers where no documentation says what is right."""

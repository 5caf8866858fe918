"""Messages to 钉钉, 企业微信, 飞书, mailboxes and web hooks, by apprise; imported only where alerts are configured."""

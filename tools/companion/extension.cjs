const { commands } = require('vscode');

/** The view's first showing connects "This machine"; nothing else is needed. */
exports.activate = () => commands.executeCommand('workbench.view.extension.linuxNamespaces');
